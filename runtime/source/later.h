/* SPDX-License-Identifier: Apache-2.0
 * Picture files to be looked at in a moment: they may still be written. Thread-safety: any thread, but later_take() and
 * later_wait() by one. */
#ifndef SOURCE_LATER_H
#define SOURCE_LATER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum { LATER_MOST = 4096, LATER_MS = 250, LATER_TRIES = 8 };

struct later_item {
    char *path;
    int tries;        /* how often it was found not whole, unchanged since */
    int64_t due_ns;   /* CLOCK_MONOTONIC */
    struct stat seen; /* as it was when it was put here; zeroed: not there */
};

struct later {
    pthread_mutex_t lock;
    int wake_fd; /* an eventfd, readable after later_add() */
    struct later_item *items;
    size_t count, room;
};

/* false: no memory, or no file descriptor. */
bool later_init(struct later *l);
void later_finish(struct later *l);

/* Keeps `path`, copied, for LATER_MS from now; another one of that name goes. false: no room. */
bool later_add(struct later *l, const char *path, int tries);
/* It came by itself. */
void later_drop(struct later *l, const char *path);
/* Takes out one whose time has come, its path to be freed. false: none. */
bool later_take(struct later *l, struct later_item *item);
/* Milliseconds until the next is due, for poll(): -1: there is none. */
int later_wait(struct later *l);

#endif
