/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/saver.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int take_folder(struct saver *s) {
    if (file_lock_take(&s->own, s->folder)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE,
                    "%s: another daemon saves there what it learns: end it, or give each its own state folder",
                    s->folder);
}

static const char *const names[SAVER_PARTS] = {[SAVER_LEARNT] = "learnt", [SAVER_DRIFT] = "drift"};

/* The part that waits; SAVER_PARTS: none. Under the lock. */
static int waiting(const struct saver *s) {
    int part = 0;
    while (part < SAVER_PARTS && !s->parts[part].bytes) part++;
    return part;
}

/* A fault of one part is not forgotten because the other went well. */
static void keep_fault(struct saver *s, int part, const char *why) {
    snprintf(s->faults[part], SAVER_FAULT, "%.255s", why);
}

/* Did a part before this one fail, which was told? All lie on one disk. Under the lock. */
static bool is_told(const struct saver *s, int part) {
    for (int other = 0; other < part; other++)
        if (*s->faults[other]) return true;
    return false;
}

/* Under the lock, which it gives up while the disk works. */
static void save(struct saver *s, int part) {
    char why[LOG_LINE];
    struct saver_bytes it = s->parts[part];
    bool told = is_told(s, part);
    s->parts[part].bytes = NULL, s->busy = true;
    pthread_mutex_unlock(&s->lock);
    log_hold(why, sizeof why);
    int status = take_folder(s);
    if (!status) status = state_save_as(s->folder, names[part], it.bytes, it.size);
    log_release();
    if (*why && !told) log_error("%s", why); /* the next time may go better */
    free(it.bytes);
    pthread_mutex_lock(&s->lock);
    keep_fault(s, part, status ? why : "");
    s->busy = false;
    pthread_cond_broadcast(&s->changed);
}

static void *run(void *user) {
    struct saver *s = user;
    pthread_mutex_lock(&s->lock);
    for (int part; (part = waiting(s)) < SAVER_PARTS || !s->stop;)
        if (part < SAVER_PARTS)
            save(s, part);
        else
            pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

int saver_open(struct saver *saver, const char *folder) {
    *saver = (struct saver){.folder = folder};
    int status = take_folder(saver);
    if (status) {
        file_lock_release(&saver->own);
        *saver = (struct saver){0};
        return status;
    }
    pthread_mutex_init(&saver->lock, NULL);
    clock_condition(&saver->changed);
    int failed = thread_start(&saver->thread, run, saver, true);
    if (!failed) return OCELLI_OK;
    file_lock_release(&saver->own);
    *saver = (struct saver){0};
    return log_fail(OCELLI_ERR_MEMORY, "no thread to save what is learnt: %s", strerror(failed));
}

void saver_put(struct saver *saver, enum saver_part part, uint8_t *bytes, size_t size) {
    if (saver->thread.running) {
        pthread_mutex_lock(&saver->lock);
        uint8_t *older = saver->parts[part].bytes;
        saver->parts[part] = (struct saver_bytes){bytes, size};
        bytes = older;
        pthread_cond_broadcast(&saver->changed);
        pthread_mutex_unlock(&saver->lock);
    }
    free(bytes);
}

void saver_fault(struct saver *saver, char text[SAVER_FAULT]) {
    *text = '\0';
    if (!saver->thread.running) return;
    pthread_mutex_lock(&saver->lock);
    for (int part = SAVER_PARTS; part-- > 0;)
        if (*saver->faults[part]) strcpy(text, saver->faults[part]);
    pthread_mutex_unlock(&saver->lock);
}

bool saver_wait(struct saver *saver, int timeout_ms) {
    if (!saver->thread.running) return true;
    struct timespec at = clock_at(clock_in(timeout_ms));
    int failed = 0;
    pthread_mutex_lock(&saver->lock);
    while (!failed && (waiting(saver) < SAVER_PARTS || saver->busy))
        failed = pthread_cond_timedwait(&saver->changed, &saver->lock, &at);
    bool done = waiting(saver) == SAVER_PARTS && !saver->busy;
    pthread_mutex_unlock(&saver->lock);
    return done;
}

void saver_finish(struct saver *saver) {
    if (!saver->thread.running) return;
    pthread_mutex_lock(&saver->lock);
    saver->stop = true;
    pthread_cond_broadcast(&saver->changed);
    pthread_mutex_unlock(&saver->lock);
    thread_join(&saver->thread, INT64_MAX);
    pthread_cond_destroy(&saver->changed);
    pthread_mutex_destroy(&saver->lock);
    file_lock_release(&saver->own);
    *saver = (struct saver){0};
}
