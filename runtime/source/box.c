/* SPDX-License-Identifier: Apache-2.0 */
#include "source/kind.h"
#include "source/source.h"
#include "base/clock.h"
#include "base/log.h"

int64_t source_now(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

int box_init(struct box *b, bool every) {
    *b = (struct box){.every = every};
    pthread_mutex_init(&b->lock, NULL);
    int failed = clock_condition(&b->changed);
    return failed ? log_fail(OCELLI_ERR_MEMORY, "out of memory for a frame source") : OCELLI_OK;
}

void box_finish(struct box *b) {
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
}

/* Recycling may call into the kind, which may wait for a thread that waits for the box: never under the lock. */
static void recycle(struct slot *slot) {
    if (slot) slot->recycle(slot);
}

void box_post(struct box *b, struct slot *slot) {
    pthread_mutex_lock(&b->lock);
    while (b->every && b->latest && !b->closing) pthread_cond_wait(&b->changed, &b->lock);
    struct slot *unwanted = b->closing ? slot : b->latest;
    if (!b->closing) b->latest = slot;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    recycle(unwanted);
}

int box_take(struct box *b, int timeout_ms, struct slot **slot) {
    struct timespec until = clock_at(source_now() + (int64_t)timeout_ms * 1000000);
    bool late = timeout_ms == 0;
    pthread_mutex_lock(&b->lock);
    while (!b->latest && !b->status && !late) {
        if (timeout_ms < 0)
            pthread_cond_wait(&b->changed, &b->lock);
        else
            late = pthread_cond_timedwait(&b->changed, &b->lock, &until) != 0;
    }
    *slot = b->latest;
    b->latest = NULL;
    int answer = *slot ? SOURCE_FRAME : b->status ? b->status : SOURCE_WAIT;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    return answer;
}

void box_clear(struct box *b) {
    pthread_mutex_lock(&b->lock);
    struct slot *unwanted = b->latest;
    b->latest = NULL;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    recycle(unwanted);
}

void box_end(struct box *b, int status) {
    pthread_mutex_lock(&b->lock);
    b->status = status;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

void box_set_away(struct box *b, bool away) {
    pthread_mutex_lock(&b->lock);
    b->away = away;
    pthread_mutex_unlock(&b->lock);
}

bool box_sleep(struct box *b, int64_t until_ns) {
    struct timespec until = clock_at(until_ns);
    pthread_mutex_lock(&b->lock);
    while (!b->closing && source_now() < until_ns) pthread_cond_timedwait(&b->changed, &b->lock, &until);
    bool closing = b->closing;
    pthread_mutex_unlock(&b->lock);
    return closing;
}

void box_close(struct box *b) {
    pthread_mutex_lock(&b->lock);
    b->closing = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}
