/* SPDX-License-Identifier: Apache-2.0 */
#include "live/lines.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A write to a terminal waits (^S, a serial line without reader) though poll() said that there is room. One's own description
 * of it does not; O_NONBLOCK on the one that there is would meet all who share it. -1: no terminal. */
static int own_terminal(int fd) {
    char path[64];
    if (!isatty(fd)) return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int lines_init(struct lines *l, int fd) {
    int own = own_terminal(fd);
    *l = (struct lines){.fd = own >= 0 ? own : fd, .opened = own >= 0, .bytes = malloc(LINES_ROOM)};
    return l->bytes ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for events");
}

void lines_finish(struct lines *l) {
    if (l->opened) close(l->fd);
    free(l->bytes);
    *l = (struct lines){.fd = -1};
}

void lines_add(struct lines *l, const char *line) {
    size_t length = strlen(line);
    if (length > LINES_ROOM - l->size) {
        l->lost++;
        log_warn("standard output: its reader stalls: events are lost there");
        return;
    }
    memcpy(l->bytes + l->size, line, length);
    l->size += length;
}

bool lines_wait(const struct lines *l) {
    return l->size > 0;
}

/* The first lines, up to what a pipe that can be written to takes at once (pipe(7): PIPE_BUF). */
static size_t piece(const struct lines *l) {
    size_t n = l->size < PIPE_BUF ? l->size : PIPE_BUF;
    const char *end = memrchr(l->bytes, '\n', n);
    return end ? (size_t)(end - l->bytes) + 1 : n;
}

static bool writable(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, 0) > 0;
}

int lines_write(struct lines *l) {
    while (l->size && writable(l->fd)) {
        size_t n = piece(l);
        ssize_t wrote = write(l->fd, l->bytes, n);
        if (wrote < 0 && errno == EPIPE) return log_fail(OCELLI_ERR_FILE, "standard output: its reader is gone");
        if (wrote < 0 && (errno == EINTR || errno == EAGAIN)) return OCELLI_OK;
        if (wrote < 0) log_error("standard output: %s: events are lost there", strerror(errno));
        size_t done = wrote < 0 ? n : (size_t)wrote;
        memmove(l->bytes, l->bytes + done, l->size - done);
        l->size -= done;
    }
    return OCELLI_OK;
}
