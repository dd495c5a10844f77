/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/line_writer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/thread.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct line_writer {
    int fd;
    const char *name; /* NULL: the log */
    struct thread thread;
    char piece[PIPE_BUF]; /* the thread's own: what it writes */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    char bytes[LINE_WRITER_CAPACITY]; /* whole lines */
    size_t size;                      /* with those that are being written */
    uint64_t lost, untold;            /* untold: since the count was said, of the log alone */
    int status;
    bool stop;
};

/* ---- the thread ---- */

/* The first lines, up to what a pipe takes at once (pipe(7): PIPE_BUF), so that lines of others do not come in between.
 */
static size_t take_piece(struct line_writer *l) {
    size_t n = l->size < PIPE_BUF ? l->size : PIPE_BUF;
    const char *end = memrchr(l->bytes, '\n', n);
    if (end) n = (size_t)(end - l->bytes) + 1;
    memcpy(l->piece, l->bytes, n);
    return n;
}

/* Gives 0 or an errno. Somebody else may have set O_NONBLOCK. */
static int write_all(int fd, const char *bytes, size_t size) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EAGAIN) poll(&p, 1, -1);
        if (n < 0 && errno != EAGAIN && errno != EINTR) return errno;
        if (n > 0) bytes += n, size -= (size_t)n;
    }
    return 0;
}

/* Under the lock. There is room: a piece went out. */
static void tell_lost(struct line_writer *l) {
    if (l->name || !l->untold) return;
    l->size +=
        (size_t)snprintf(l->bytes + l->size, 128, "ocelli: warning: standard error stalled: %llu lines were lost\n",
                         (unsigned long long)l->untold);
    l->untold = 0;
}

/* Under the lock, which it gives up while the reader takes its time. */
static void write_piece(struct line_writer *l) {
    size_t n = take_piece(l);
    pthread_mutex_unlock(&l->lock);
    int failed = write_all(l->fd, l->piece, n);
    if (failed == EPIPE && l->name) log_error("%s: its reader is gone", l->name);
    if (failed && failed != EPIPE && l->name)
        log_error("%s: %s; events are lost there", l->name, file_write_error(failed));
    pthread_mutex_lock(&l->lock);
    if (failed == EPIPE) l->status = OCELLI_ERR_FILE, n = l->size;
    memmove(l->bytes, l->bytes + n, l->size - n);
    l->size -= n;
    if (!failed) tell_lost(l);
    pthread_cond_broadcast(&l->changed);
}

static void *run(void *user) {
    struct line_writer *l = user;
    pthread_mutex_lock(&l->lock);
    while (l->size || !l->stop)
        if (l->size)
            write_piece(l);
        else
            pthread_cond_wait(&l->changed, &l->lock);
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* ---- for others ---- */

int line_writer_open(struct line_writer **out, int fd, const char *name) {
    struct line_writer *l = *out = calloc(1, sizeof *l);
    if (!l) return log_fail(OCELLI_ERR_MEMORY, "out of memory for events");
    l->fd = fd, l->name = name;
    pthread_mutex_init(&l->lock, NULL);
    clock_condition(&l->changed);
    int failed = thread_start(&l->thread, run, l, true);
    if (!failed) return OCELLI_OK;
    line_writer_close(out, 0);
    return log_fail(OCELLI_ERR_MEMORY, "no thread to write lines: %s", strerror(failed));
}

bool line_writer_close(struct line_writer **lines, int timeout_ms) {
    if (!lines || !*lines) return true;
    struct line_writer *l = *lines;
    *lines = NULL;
    pthread_mutex_lock(&l->lock);
    l->stop = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    if (!thread_join(&l->thread, clock_in(timeout_ms))) return false;
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
    return true;
}

void line_writer_add(struct line_writer *writer, const char *line) {
    size_t length = strlen(line), spare = 128; /* for the count of what was lost */
    pthread_mutex_lock(&writer->lock);
    bool fits = !writer->untold && length <= LINE_WRITER_CAPACITY - spare - writer->size;
    if (fits && !writer->status) memcpy(writer->bytes + writer->size, line, length), writer->size += length;
    if (!fits) writer->lost++, writer->untold += !writer->name;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    if (!fits && writer->name) log_warn("%s: its reader stalls: events are lost there", writer->name);
}

void line_writer_add_optional(struct line_writer *writer, const char *line) {
    pthread_mutex_lock(&writer->lock);
    bool fits = writer->size <= LINE_WRITER_CAPACITY / 2;
    pthread_mutex_unlock(&writer->lock);
    if (fits) line_writer_add(writer, line);
}

bool line_writer_drain(struct line_writer *writer, int timeout_ms) {
    struct timespec at = clock_at(clock_in(timeout_ms));
    pthread_mutex_lock(&writer->lock);
    for (int late = 0; writer->size && !late;) late = pthread_cond_timedwait(&writer->changed, &writer->lock, &at);
    bool done = !writer->size;
    pthread_mutex_unlock(&writer->lock);
    return done;
}

bool line_writer_wait(struct line_writer *writer) {
    pthread_mutex_lock(&writer->lock);
    bool waits = writer->size > 0;
    pthread_mutex_unlock(&writer->lock);
    return waits;
}

int line_writer_status(struct line_writer *writer) {
    pthread_mutex_lock(&writer->lock);
    int status = writer->status;
    pthread_mutex_unlock(&writer->lock);
    return status;
}

uint64_t line_writer_lost(struct line_writer *writer) {
    pthread_mutex_lock(&writer->lock);
    uint64_t lost = writer->lost;
    pthread_mutex_unlock(&writer->lock);
    return lost;
}
