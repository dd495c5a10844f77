/* SPDX-License-Identifier: Apache-2.0
 * Picture files to be looked at in a moment: they may still be written. Thread-safety: any thread, but waiting_take()
 * and waiting_next() by one. */
#ifndef SOURCE_WAITING_H
#define SOURCE_WAITING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum { WAITING_MOST = 4096, WAITING_MS = 250, WAITING_TRIES = 8 };

struct waiting_item {
    char *path;
    int tries;        /* how often it was found not whole, unchanged since */
    int64_t due_ns;   /* CLOCK_MONOTONIC */
    struct stat seen; /* as it was when it was put here; zeroed: not there */
};

struct waiting {
    pthread_mutex_t lock;
    int wake_fd; /* an eventfd, readable after waiting_add() */
    struct waiting_item *items;
    size_t count, capacity;
};

/* false: no memory, or no file descriptor. */
bool waiting_init(struct waiting *waiting);
void waiting_finish(struct waiting *waiting);

/* Keeps `path`, copied, for WAITING_MS from now; another one of that name goes. false: no room. */
bool waiting_add(struct waiting *waiting, const char *path, int tries);
/* It came by itself. */
void waiting_drop(struct waiting *waiting, const char *path);
/* Takes out one whose time has come, its path to be freed. false: none. */
bool waiting_take(struct waiting *waiting, struct waiting_item *item);
/* Milliseconds until the next is due, for poll(): -1: there is none. */
int waiting_next(struct waiting *waiting);

#endif
