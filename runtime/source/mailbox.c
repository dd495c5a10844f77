/* SPDX-License-Identifier: Apache-2.0 */
#include "source/kind.h"
#include "source/source.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>

int64_t source_now(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

int mailbox_init(struct mailbox *mailbox, bool every) {
    *mailbox = (struct mailbox){.every = every};
    pthread_mutex_init(&mailbox->lock, NULL);
    int failed = clock_condition(&mailbox->changed);
    return failed ? log_fail(OCELLI_ERR_MEMORY, "out of memory for a frame source") : OCELLI_OK;
}

void mailbox_finish(struct mailbox *mailbox) {
    pthread_cond_destroy(&mailbox->changed);
    pthread_mutex_destroy(&mailbox->lock);
}

/* Recycling may call into the kind, which may wait for a thread that waits for the mailbox: never under the lock. */
static void recycle(struct slot *slot) {
    if (slot) slot->recycle(slot);
}

void mailbox_post(struct mailbox *mailbox, struct slot *slot) {
    pthread_mutex_lock(&mailbox->lock);
    while (mailbox->every && mailbox->latest && !mailbox->closing) pthread_cond_wait(&mailbox->changed, &mailbox->lock);
    struct slot *unwanted = mailbox->closing ? slot : mailbox->latest;
    if (!mailbox->closing) mailbox->latest = slot;
    pthread_cond_broadcast(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->lock);
    recycle(unwanted);
}

int mailbox_take(struct mailbox *mailbox, int timeout_ms, struct slot **slot) {
    struct timespec until = clock_at(source_now() + (int64_t)timeout_ms * 1000000);
    bool late = timeout_ms == 0;
    pthread_mutex_lock(&mailbox->lock);
    while (!mailbox->latest && !mailbox->status && !late) {
        if (timeout_ms < 0)
            pthread_cond_wait(&mailbox->changed, &mailbox->lock);
        else
            late = pthread_cond_timedwait(&mailbox->changed, &mailbox->lock, &until) != 0;
    }
    *slot = mailbox->latest;
    mailbox->latest = NULL;
    int answer = *slot ? SOURCE_FRAME : mailbox->status ? mailbox->status : SOURCE_WAIT;
    pthread_cond_broadcast(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->lock);
    return answer;
}

void mailbox_clear(struct mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    struct slot *unwanted = mailbox->latest;
    mailbox->latest = NULL;
    pthread_cond_broadcast(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->lock);
    recycle(unwanted);
}

void mailbox_end(struct mailbox *mailbox, int status) {
    pthread_mutex_lock(&mailbox->lock);
    mailbox->status = status;
    pthread_cond_broadcast(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_set_away(struct mailbox *mailbox, bool away) {
    pthread_mutex_lock(&mailbox->lock);
    mailbox->away = away;
    pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_set_fault(struct mailbox *mailbox, const char *fault) {
    pthread_mutex_lock(&mailbox->lock);
    snprintf(mailbox->fault, sizeof mailbox->fault, "%s", fault);
    pthread_mutex_unlock(&mailbox->lock);
}

bool mailbox_sleep(struct mailbox *mailbox, int64_t until_ns) {
    struct timespec until = clock_at(until_ns);
    pthread_mutex_lock(&mailbox->lock);
    while (!mailbox->closing && source_now() < until_ns)
        pthread_cond_timedwait(&mailbox->changed, &mailbox->lock, &until);
    bool closing = mailbox->closing;
    pthread_mutex_unlock(&mailbox->lock);
    return closing;
}

void mailbox_close(struct mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    mailbox->closing = true;
    pthread_cond_broadcast(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->lock);
}
