/* SPDX-License-Identifier: Apache-2.0 */
#include "live/saver.h"
#include "base/clock.h"
#include "base/log.h"
#include "live/state.h"

#include <stdlib.h>
#include <string.h>

/* Under the lock, but for the disk's time. */
static void save(struct saver *s) {
    uint8_t *bytes = s->bytes;
    size_t size = s->size;
    s->bytes = NULL, s->busy = true;
    pthread_mutex_unlock(&s->lock);
    state_save(s->folder, bytes, size); /* a full disk was said; the next time may go better */
    free(bytes);
    pthread_mutex_lock(&s->lock);
    s->busy = false;
    pthread_cond_broadcast(&s->changed);
}

static void *run(void *user) {
    struct saver *s = user;
    pthread_mutex_lock(&s->lock);
    while (s->bytes || !s->stop)
        if (s->bytes)
            save(s);
        else
            pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

int saver_open(struct saver *s, const char *folder) {
    *s = (struct saver){.folder = folder};
    pthread_mutex_init(&s->lock, NULL);
    clock_condition(&s->changed);
    int failed = pthread_create(&s->thread, NULL, run, s);
    s->running = !failed;
    if (!failed) return OCELLI_OK;
    *s = (struct saver){0};
    return log_fail(OCELLI_ERR_MEMORY, "no thread to save what is learnt: %s", strerror(failed));
}

void saver_put(struct saver *s, uint8_t *bytes, size_t size) {
    if (s->running) {
        pthread_mutex_lock(&s->lock);
        uint8_t *older = s->bytes;
        s->bytes = bytes, s->size = size;
        bytes = older;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
    }
    free(bytes);
}

bool saver_wait(struct saver *s, int timeout_ms) {
    if (!s->running) return true;
    int64_t until = clock_ns(CLOCK_MONOTONIC) + timeout_ms * INT64_C(1000000);
    struct timespec at = clock_at(until);
    int failed = 0;
    pthread_mutex_lock(&s->lock);
    while (!failed && (s->bytes || s->busy)) failed = pthread_cond_timedwait(&s->changed, &s->lock, &at);
    bool done = !s->bytes && !s->busy;
    pthread_mutex_unlock(&s->lock);
    return done;
}

void saver_finish(struct saver *s) {
    if (!s->running) return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    *s = (struct saver){0};
}
