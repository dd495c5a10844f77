/* SPDX-License-Identifier: Apache-2.0
 * Lines to a descriptor whose reader may stall: they wait here, never the program. */
#ifndef LIVE_LINES_H
#define LIVE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINES_ROOM = 1 << 18 };

struct lines {
    int fd;      /* to be polled and written */
    bool opened; /* by lines_init() */
    char *bytes; /* (LINES_ROOM) whole lines */
    size_t size;
    _Atomic uint64_t lost; /* read by any thread: lines for which there was no room */
};

/* `fd` stays the caller's. Errors: MEMORY. */
int lines_init(struct lines *l, int fd);
void lines_finish(struct lines *l);

/* Appends a line with its end, at most 4096 bytes; written as far as that goes at once. */
void lines_add(struct lines *l, const char *line);

/* Something waits: poll `fd` for POLLOUT, then lines_write(). */
bool lines_wait(const struct lines *l);

/* Writes what can be written without waiting. Errors: FILE (the reader is gone); else what cannot be written (a full disk)
 * is said and dropped. */
int lines_write(struct lines *l);

#endif
