/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/inference_device.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

/* Waits after a failure: 0.1 s, twice as long each time, at most 10 s. */
enum { BACKOFF_FIRST_MS = 100, BACKOFF_MOST_MS = 10000 };

/* Other threads read this without the lock. It never changes afterwards, as the handle keeps its model for all its
 * life. */
static void take_info(struct inference *b) {
    struct ocelli_info info;
    ocelli_get_info(b->model, &info);
    snprintf(b->name, sizeof b->name, "%s", info.model_name);
    snprintf(b->device, sizeof b->device, "%s", info.device_name);
    snprintf(b->key, sizeof b->key, "%s", info.model_key);
    b->size = info.embedding_size, b->image_size = info.image_size, b->logit_scale = info.logit_scale;
    b->english_only = info.english_only;
}

int inference_open(struct inference *inference, const struct ocelli_params *params, struct meter *meter,
                   struct event_queue *events) {
    *inference = (struct inference){.meter = meter, .events = events};
    pthread_mutex_init(&inference->lock, NULL);
    pthread_mutex_init(&inference->told_lock, NULL);
    clock_condition(&inference->changed);
    int status = ocelli_open(&inference->model, params);
    if (status) return status;
    take_info(inference);
    inference->open = true;
    inference->embedding = calloc(inference->size, sizeof *inference->embedding);
    return inference->embedding ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for an embedding");
}

int inference_check(struct inference *inference) {
    return ocelli_selftest(inference->model, NULL);
}

bool inference_may_reopen(int status) {
    return status == OCELLI_ERR_LOST || status == OCELLI_ERR_DEVICE || status == OCELLI_ERR_WRONG ||
           status == OCELLI_ERR_MEMORY;
}

/* A device that comes back with other numbers is not taken; nor is a model whose file was written over. */
static bool try_open(struct inference *b) {
    int status = ocelli_reopen(b->model);
    if (!status) status = inference_check(b);
    if (!b->job) ocelli_unload_text(b->model);
    return status == OCELLI_OK;
}

/* With the lock. How long depends on how often it failed. */
static void back_off(struct inference *b) {
    unsigned ms = BACKOFF_FIRST_MS << (b->failures < 7 ? b->failures : 7);
    int64_t until = clock_ns(CLOCK_MONOTONIC) + (ms < BACKOFF_MOST_MS ? ms : BACKOFF_MOST_MS) * INT64_C(1000000);
    struct timespec at = clock_at(until);
    b->failures++;
    while (!b->stop && clock_ns(CLOCK_MONOTONIC) < until) pthread_cond_timedwait(&b->changed, &b->lock, &at);
}

void inference_reopen(struct inference *inference) {
    pthread_mutex_lock(&inference->lock);
    bool opened = inference->open = false;
    while (!inference->stop && !opened) {
        back_off(inference);
        if (inference->stop) break;
        inference->busy_since = clock_ns(CLOCK_MONOTONIC);
        pthread_mutex_unlock(&inference->lock);
        opened = try_open(inference);
        pthread_mutex_lock(&inference->lock);
        inference->open = opened;
    }
    pthread_mutex_unlock(&inference->lock);
    if (opened) meter_count(inference->meter, METER_LOST, 1);
}
