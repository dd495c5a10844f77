/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/memory.h"
#include "base/clock.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "base/thread.h"
#include "memory/pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
enum { FLUSH_S = 10, RETRY_S = 10 };

struct memory {
    char *path;
    struct memory_model model; /* the name a copy */
    uint64_t budget;
    int64_t flush_ns;
    struct thread thread;
    struct history *history; /* the thread's own; NULL: not open */
    struct file_lock own;    /* the file is this daemon's alone */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool stop;
    struct history_picture pictures[HISTORY_BATCH]; /* a ring; their vectors and tags lie in the two below */
    int8_t *vectors;                                /* (HISTORY_BATCH, D) */
    char (*tags)[HISTORY_TAGS];
    uint8_t *jpegs[HISTORY_BATCH]; /* thumbnails, NULL where there is none */
    size_t first, count;
    int64_t write_at_ns; /* CLOCK_MONOTONIC */
    struct memory_status status;
};

/* ---- handing over ---- */

static int64_t boot_ms_of(int64_t captured_ns) {
    return (captured_ns + clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC)) / 1000000;
}

/* Without memory for the thumbnail the picture has none. */
static void keep_jpeg(struct memory *m, size_t at, const struct memory_picture *from) {
    uint8_t *copy = from->jpeg_size ? malloc(from->jpeg_size) : NULL;
    if (copy) memcpy(copy, from->jpeg, from->jpeg_size);
    m->jpegs[at] = copy;
    m->pictures[at].jpeg = copy, m->pictures[at].jpeg_size = copy ? from->jpeg_size : 0;
}

static void drop_jpegs(struct memory *m, size_t first, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t **jpeg = &m->jpegs[(first + i) % HISTORY_BATCH];
        free(*jpeg);
        *jpeg = NULL;
    }
}

static bool fill(struct memory *m, const struct memory_picture *from) {
    size_t at = (m->first + m->count) % HISTORY_BATCH;
    struct history_picture *p = &m->pictures[at];
    int8_t *packed = m->vectors + at * m->model.size;
    snprintf(m->tags[at], HISTORY_TAGS, "%s", from->tags);
    *p = (struct history_picture){.boot_ms = boot_ms_of(from->captured_ns),
                                  .scale = pack_picture(from->vector, m->model.size, packed),
                                  .vector = packed,
                                  .tags = m->tags[at]};
    if (!(p->scale > 0)) return false;
    keep_jpeg(m, at, from);
    return true;
}

void memory_put(struct memory *memory, const struct memory_picture *picture) {
    pthread_mutex_lock(&memory->lock);
    if (memory->count == HISTORY_BATCH) {
        memory->status.lost++;
    } else if (fill(memory, picture)) {
        if (!memory->count++ && memory->status.open) memory->write_at_ns = clock_ns(CLOCK_MONOTONIC) + memory->flush_ns;
        pthread_cond_signal(&memory->changed);
    }
    pthread_mutex_unlock(&memory->lock);
}

/* ---- the thread ---- */

/* Is there something to write or to open now? Gives the time to wait for otherwise; 0: until something changes. */
static bool due(const struct memory *m, int64_t now, int64_t *until) {
    bool something = m->count || !m->status.open;
    *until = something ? m->write_at_ns : 0;
    if (m->stop) return true;
    return something && (now >= m->write_at_ns || (m->status.open && m->count > HISTORY_BATCH / 2));
}

static void wait(struct memory *m) {
    int64_t until;
    while (!due(m, clock_ns(CLOCK_MONOTONIC), &until)) {
        struct timespec at = clock_at(until);
        if (until)
            pthread_cond_timedwait(&m->changed, &m->lock, &at);
        else
            pthread_cond_wait(&m->changed, &m->lock);
    }
}

/* Two daemons would push out each other's oldest. A new file has its lock when it is there. */
static int open_history(struct memory *m) {
    if (file_lock_take(&m->own, m->path)) {
        int status = history_create(&m->history, m->path, &m->model, m->budget);
        if (status || file_lock_take(&m->own, m->path)) return status;
    }
    return log_fail(OCELLI_ERR_FILE,
                    "%s: another daemon keeps its pictures there: end it, or give each its own history", m->path);
}

/* As many as lie in one piece of the ring. Without the lock: memory_put() does not touch them. */
static int write_some(struct memory *m, size_t first, size_t count) {
    int status = m->history ? OCELLI_OK : open_history(m);
    int64_t boot_at_ms = (clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME)) / 1000000;
    if (!status && count) status = history_append(m->history, m->pictures + first, count, boot_at_ms);
    if (status) history_close(&m->history); /* a new one may do better */
    return status;
}

static void turn(struct memory *m) {
    char why[LOG_LINE];
    size_t first = m->first, piece = HISTORY_BATCH - first, count = m->count < piece ? m->count : piece;
    bool rest = count < m->count;
    pthread_mutex_unlock(&m->lock);
    log_hold(why, sizeof why);
    int status = write_some(m, first, count);
    log_release();
    if (*why) log_error("%s", why);
    uint64_t bytes = m->history ? history_bytes(m->history) : 0;
    pthread_mutex_lock(&m->lock);
    if (!status && !m->status.open && m->status.lost)
        log_warn("%s: the history goes on; %llu pictures were lost", m->path, (unsigned long long)m->status.lost);
    m->status.open = !status;
    snprintf(m->status.fault, sizeof m->status.fault, "%.255s", status ? why : "");
    m->write_at_ns = clock_ns(CLOCK_MONOTONIC) + (status ? RETRY_S * SECOND : rest ? 0 : m->flush_ns);
    if (status) return;
    drop_jpegs(m, first, count);
    m->first = (first + count) % HISTORY_BATCH, m->count -= count;
    m->status.kept += count, m->status.bytes = bytes;
}

static void *run(void *user) {
    struct memory *m = user;
    pthread_mutex_lock(&m->lock);
    while (!m->stop) {
        wait(m);
        turn(m);
    }
    for (int pieces = 0; m->count && m->status.open && pieces < 2; pieces++) turn(m);
    m->status.lost += m->count;
    if (m->count) log_warn("%s: the last %zu picture%s could not be kept", m->path, m->count, m->count == 1 ? "" : "s");
    pthread_mutex_unlock(&m->lock);
    history_close(&m->history);
    return NULL;
}

/* ---- opening ---- */

static int start(struct memory *m, const struct memory_params *params) {
    pthread_mutex_init(&m->lock, NULL);
    clock_condition(&m->changed);
    m->path = strdup(params->path), m->model.name = strdup(params->model->name);
    m->vectors = calloc(HISTORY_BATCH, m->model.size);
    m->tags = calloc(HISTORY_BATCH, sizeof *m->tags);
    if (!m->path || !m->model.name || !m->vectors || !m->tags || thread_start(&m->thread, run, m, true))
        return log_fail(OCELLI_ERR_MEMORY, "%s: no memory or thread for the history", params->path);
    return OCELLI_OK;
}

static void destroy(struct memory *m) {
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    file_lock_release(&m->own);
    drop_jpegs(m, 0, HISTORY_BATCH);
    free(m->path);
    free((char *)m->model.name);
    free(m->vectors);
    free(m->tags);
    free(m);
}

int memory_open(struct memory **out, const struct memory_params *params) {
    *out = NULL;
    if (!history_built_in())
        return log_fail(OCELLI_ERR_USAGE, "%s: the history is not built in: build with libsqlite3-dev installed",
                        params->path);
    struct memory *m = calloc(1, sizeof *m);
    if (!m) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", params->path);
    m->model = *params->model, m->budget = params->budget;
    m->flush_ns = (int64_t)((params->flush_s > 0 ? params->flush_s : FLUSH_S) * 1e9);
    int status = start(m, params);
    if (status)
        destroy(m);
    else
        *out = m;
    return status;
}

bool memory_stop(struct memory *memory, int timeout_ms) {
    pthread_mutex_lock(&memory->lock);
    memory->stop = true;
    pthread_cond_signal(&memory->changed);
    pthread_mutex_unlock(&memory->lock);
    return thread_join(&memory->thread, clock_in(timeout_ms));
}

bool memory_close(struct memory **memory, int timeout_ms) {
    if (!memory || !*memory) return true;
    struct memory *m = *memory;
    *memory = NULL;
    if (memory_stop(m, timeout_ms)) {
        destroy(m);
        return true;
    }
    log_warn("%s: another program holds the history, or its disk is slow: leaving without its last pictures", m->path);
    return false; /* its thread still has all of it */
}

/* ---- for others ---- */

int memory_search(const struct memory *memory, const struct history_question *question, struct history_found *found) {
    struct history *h;
    int status = history_open(&h, memory->path, &memory->model);
    if (!status) status = history_search(h, question, found);
    history_close(&h);
    return status;
}

int memory_recent(const struct memory *memory, int64_t since_ms, size_t most, struct history_vectors *vectors) {
    struct history *h;
    *vectors = (struct history_vectors){0};
    int status = history_open(&h, memory->path, &memory->model);
    if (!status) status = history_load_recent(h, since_ms, most, vectors);
    history_close(&h);
    return status;
}

void memory_get_status(struct memory *memory, struct memory_status *status) {
    pthread_mutex_lock(&memory->lock);
    *status = memory->status;
    pthread_mutex_unlock(&memory->lock);
}
