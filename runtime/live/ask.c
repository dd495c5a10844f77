/* SPDX-License-Identifier: Apache-2.0 */
#include "live/ask.h"
#include "base/clock.h"
#include "base/log.h"
#include "live/brain.h"

#include <stdlib.h>
#include <string.h>

/* Belongs to who asks until it is taken, then to the brain's thread, and once it is done or given up to the other of the two. */
struct ask {
    struct arena arena;
    struct prompts_list texts;
    float *vectors; /* (texts.count, D) */
    int status;
    bool taken, done, given_up;
};

static void destroy(struct ask *a) {
    if (!a) return;
    arena_finish(&a->arena);
    free(a->vectors);
    free(a);
}

static int make(struct ask **out, const struct prompts_list *templates, const char *text, uint32_t size) {
    struct ask *a = *out = calloc(1, sizeof *a);
    struct prompts_list one = {.texts = &text, .count = 1};
    if (!a) return log_fail(OCELLI_ERR_MEMORY, "out of memory for a text");
    int status = prompts_expand(&a->texts, &a->arena, templates, &one);
    a->vectors = status ? NULL : calloc(a->texts.count, size * sizeof *a->vectors);
    if (!status && !a->vectors) status = log_fail(OCELLI_ERR_MEMORY, "out of memory for a text");
    if (!status) return OCELLI_OK;
    destroy(a);
    *out = NULL;
    return status;
}

/* With the lock. true: it is done; else it is given up, and the brain's when it has it already. */
static bool wait(struct brain *b, struct ask *a, int timeout_ms) {
    int64_t until = clock_ns(CLOCK_MONOTONIC) + timeout_ms * INT64_C(1000000);
    struct timespec at = clock_at(until);
    b->ask = a;
    pthread_cond_broadcast(&b->changed);
    while (!a->done && !b->stop && clock_ns(CLOCK_MONOTONIC) < until) pthread_cond_timedwait(&b->changed, &b->lock, &at);
    if (b->ask == a) b->ask = NULL;
    a->given_up = !a->done && a->taken;
    return a->done;
}

int ask_text(struct brain *b, const struct prompts_list *templates, const char *text, float *vector, int timeout_ms) {
    struct ask *a;
    int status = make(&a, templates, text, b->size);
    if (status) return status;
    pthread_mutex_lock(&b->lock);
    bool free_to_ask = !b->ask && !b->stop, done = free_to_ask && wait(b, a, timeout_ms), theirs = a->given_up;
    pthread_mutex_unlock(&b->lock);
    status = done ? a->status : OCELLI_ERR_LOST;
    if (!status) status = prompts_average(a->vectors, a->texts.count, b->size, vector);
    if (!theirs) destroy(a);
    return status;
}

int ask_answer(struct brain *b) {
    struct ask *a = b->ask;
    b->ask = NULL, a->taken = true;
    b->busy_since = clock_ns(CLOCK_MONOTONIC);
    pthread_mutex_unlock(&b->lock);
    int status = b->model ? ocelli_embed_texts(b->model, a->texts.texts, a->texts.count, a->vectors) : OCELLI_ERR_LOST;
    if (b->model && !b->job) ocelli_unload_text(b->model);
    pthread_mutex_lock(&b->lock);
    b->busy_since = 0;
    a->status = status, a->done = true;
    if (a->given_up) destroy(a);
    pthread_cond_broadcast(&b->changed);
    return status;
}
