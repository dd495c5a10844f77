/* SPDX-License-Identifier: Apache-2.0
 * The daemon's signals, held back from its first moment on, and one that asks it to stop while it still opens things. */
#ifndef LIVE_SIGNALS_H
#define LIVE_SIGNALS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

struct signals {
    int fd;          /* a signalfd: to be polled and read */
    sigset_t before; /* that were blocked before */
    pthread_t guard;
    int stops, opened; /* the guard's: a signalfd of what asks to stop, and an eventfd */
};

/* Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGCHLD for the calling thread and those it makes, and begins to guard: who asks to
 * stop and is not heard within 600 ms, as a driver compiles or a disk is slow, finds the process gone with exit code 0.
 * Errors: MEMORY; signals_finish() then too. */
int signals_init(struct signals *s);
/* All is open: the signals are for who reads `fd`, also those that came meanwhile. */
void signals_opened(struct signals *s);
/* Lets them through again. */
void signals_finish(struct signals *s);

/* SIGTERM or SIGINT came, and nobody took it yet. */
bool signals_asked(void);

#endif
