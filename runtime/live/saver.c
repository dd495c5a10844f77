/* SPDX-License-Identifier: Apache-2.0 */
#include "live/saver.h"
#include "base/clock.h"
#include "base/log.h"
#include "live/state.h"

#include <stdlib.h>
#include <string.h>

static int take_folder(struct saver *s) {
    if (file_lock_take(&s->own, s->folder)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: another daemon saves there what it learns: end it, or give each its own state folder",
                    s->folder);
}

/* Under the lock, but for the disk's time. */
static void save(struct saver *s) {
    uint8_t *bytes = s->bytes;
    size_t size = s->size;
    s->bytes = NULL, s->busy = true;
    pthread_mutex_unlock(&s->lock);
    if (!take_folder(s)) state_save(s->folder, bytes, size); /* a full disk was said; the next time may go better */
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
    int status = take_folder(s);
    if (status) {
        file_lock_release(&s->own);
        *s = (struct saver){0};
        return status;
    }
    pthread_mutex_init(&s->lock, NULL);
    clock_condition(&s->changed);
    int failed = thread_start(&s->thread, run, s, true);
    if (!failed) return OCELLI_OK;
    file_lock_release(&s->own);
    *s = (struct saver){0};
    return log_fail(OCELLI_ERR_MEMORY, "no thread to save what is learnt: %s", strerror(failed));
}

void saver_put(struct saver *s, uint8_t *bytes, size_t size) {
    if (s->thread.running) {
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
    if (!s->thread.running) return true;
    struct timespec at = clock_at(clock_in(timeout_ms));
    int failed = 0;
    pthread_mutex_lock(&s->lock);
    while (!failed && (s->bytes || s->busy)) failed = pthread_cond_timedwait(&s->changed, &s->lock, &at);
    bool done = !s->bytes && !s->busy;
    pthread_mutex_unlock(&s->lock);
    return done;
}

void saver_finish(struct saver *s) {
    if (!s->thread.running) return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    thread_join(&s->thread, INT64_MAX);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    file_lock_release(&s->own);
    *s = (struct saver){0};
}
