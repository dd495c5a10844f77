/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/library/decoders.h"
#include "base/file.h"
#include "base/log.h"
#include "base/thread.h"
#include "prep/thumbnail.h"
#include "prep/exif_time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* WAITING: names ahead of the threads. READY_BYTES: decoded pixels ahead of the device, which a board can hold. */
enum { WAITING = 64, READY_BYTES = 96 << 20, THREADS_MOST = 16, FILE_MOST = 1 << 28 };

struct list {
    struct picture_job *first, *last;
    size_t count;
};

struct decoders {
    struct decode_rule rule;
    bool thumbnails;
    struct thread threads[THREADS_MOST];
    unsigned thread_count;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t given, done;
    struct list waiting, ready;
    size_t busy, ready_bytes;
    bool stop;
};

static void append(struct list *list, struct picture_job *job) {
    job->next = NULL;
    if (list->last)
        list->last->next = job;
    else
        list->first = job;
    list->last = job;
    list->count++;
}

static struct picture_job *pull(struct list *list) {
    struct picture_job *job = list->first;
    if (!job) return NULL;
    list->first = job->next;
    if (!list->first) list->last = NULL;
    list->count--;
    return job;
}

static size_t bytes_of(const struct picture_job *job) {
    return (size_t)3 * job->image.width * job->image.height;
}

/* ---- a thread ---- */

static int decode(const struct decoders *d, struct picture_job *job) {
    struct file_bytes bytes;
    if (job->size > FILE_MOST)
        return log_fail(OCELLI_ERR_LIMIT, "%s: a file of over %d MiB", job->path, FILE_MOST >> 20);
    int status = file_read(&bytes, job->path);
    if (status) return status;
    if (!exif_time(bytes.data, bytes.size, &job->time_ms)) job->time_ms = job->changed_ns / 1000000;
    status = decode_memory(&job->image, bytes.data, bytes.size, job->path, &d->rule);
    file_free(&bytes);
    if (!status && d->thumbnails && !thumbnail_make(&job->image, &job->jpeg, &job->jpeg_size))
        status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for a thumbnail", job->path);
    return status;
}

/* What the log would say is kept, for the thread that has the terminal. */
static void work_on(const struct decoders *d, struct picture_job *job) {
    char why[LOG_LINE] = "";
    log_hold(why, sizeof why);
    job->status = decode(d, job);
    log_release();
    if (!job->status) return;
    job->vanished = access(job->path, F_OK) && errno == ENOENT;
    snprintf(job->fault, sizeof job->fault, "%.*s", DECODERS_FAULT - 1, why);
}

static void *run(void *user) {
    struct decoders *d = user;
    pthread_mutex_lock(&d->lock);
    for (;;) {
        while (!d->stop && (!d->waiting.count || d->ready_bytes >= READY_BYTES)) pthread_cond_wait(&d->given, &d->lock);
        if (d->stop) break;
        struct picture_job *job = pull(&d->waiting);
        d->busy++;
        pthread_mutex_unlock(&d->lock);
        work_on(d, job);
        pthread_mutex_lock(&d->lock);
        d->busy--, d->ready_bytes += bytes_of(job);
        append(&d->ready, job);
        pthread_cond_signal(&d->done);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

/* ---- for the one that asks ---- */

int decoders_start(struct decoders **out, const struct decoders_params *params) {
    struct decoders *d = *out = calloc(1, sizeof *d);
    if (!d) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    d->rule = params->rule, d->thumbnails = params->thumbnails;
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->given, NULL);
    pthread_cond_init(&d->done, NULL);
    unsigned wanted = params->threads < THREADS_MOST ? params->threads : THREADS_MOST;
    while (d->thread_count < wanted && !thread_start(&d->threads[d->thread_count], run, d, true)) d->thread_count++;
    if (d->thread_count) return OCELLI_OK;
    decoders_stop(out);
    return log_fail(OCELLI_ERR_MEMORY, "no memory or thread to decode pictures");
}

bool decoders_give(struct decoders *decoders, struct picture_job *job) {
    pthread_mutex_lock(&decoders->lock);
    bool room = decoders->waiting.count < WAITING;
    if (room) append(&decoders->waiting, job);
    pthread_cond_signal(&decoders->given);
    pthread_mutex_unlock(&decoders->lock);
    return room;
}

struct picture_job *decoders_take(struct decoders *decoders) {
    struct decoders *d = decoders;
    pthread_mutex_lock(&d->lock);
    while (!d->ready.count && (d->waiting.count || d->busy)) pthread_cond_wait(&d->done, &d->lock);
    struct picture_job *job = pull(&d->ready);
    if (job) d->ready_bytes -= bytes_of(job);
    pthread_cond_broadcast(&d->given);
    pthread_mutex_unlock(&d->lock);
    return job;
}

static void free_all(struct list *list) {
    struct picture_job *job;
    while ((job = pull(list))) picture_job_free(job);
}

void decoders_stop(struct decoders **decoders) {
    if (!decoders || !*decoders) return;
    struct decoders *d = *decoders;
    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_cond_broadcast(&d->given);
    pthread_mutex_unlock(&d->lock);
    for (unsigned i = 0; i < d->thread_count; i++) thread_join(&d->threads[i], INT64_MAX);
    free_all(&d->waiting);
    free_all(&d->ready);
    pthread_cond_destroy(&d->given);
    pthread_cond_destroy(&d->done);
    pthread_mutex_destroy(&d->lock);
    free(d);
    *decoders = NULL;
}

/* ---- a job ---- */

struct picture_job *picture_job_new(const char *path) {
    struct picture_job *job = calloc(1, sizeof *job);
    if (job) job->path = strdup(path);
    if (job && job->path) return job;
    free(job);
    return NULL;
}

void picture_job_drop_pixels(struct picture_job *job) {
    decode_free(&job->image);
}

void picture_job_free(struct picture_job *job) {
    if (!job) return;
    decode_free(&job->image);
    free(job->jpeg);
    free(job->path);
    free(job);
}
