/* SPDX-License-Identifier: Apache-2.0
 * The daemon's signals, held back from its first moment on, and the one limit of its end. A guard sees each signal that
 * asks it to stop. When the daemon has not ended in time, the guard ends the process, whatever holds it up. */
#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

#include "base/thread.h"

#include <signal.h>

/* From the signal to stop until the guard ends the process: while the daemon opens things, and later. */
enum { SIGNALS_OPENING_MS = 600, SIGNALS_LEAVE_MS = 750 };

struct signals {
    int fd;          /* a signalfd: to be polled and read */
    sigset_t before; /* that were blocked before */
    struct thread guard;
    int stops, told;         /* the guard's: a signalfd of what asks to stop, and an eventfd */
    _Atomic int64_t since;   /* when the end began, ns of CLOCK_MONOTONIC; 0: not yet */
    _Atomic int code;        /* to leave with */
    _Atomic bool open, done; /* how the guard learns of it */
    void (*leave)(void *user);
    void *user;
};

/* Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGCHLD for the calling thread and those it makes, and begins to guard.
 * A slow driver or disk may keep the daemon from hearing the signal: then the guard ends the process. `leave` (may be
 * NULL) is called by the guard right before that, and must wait for nobody. Errors: MEMORY; signals_finish() then too.
 */
int signals_init(struct signals *signals, void (*leave)(void *user), void *user);
/* All is open: the signals are for who reads `fd`, also those that came meanwhile. */
void signals_opened(struct signals *signals);
/* The end begins, unless it did before: gives when. The guard leaves SIGNALS_LEAVE_MS later, with `code`. */
int64_t signals_end(struct signals *signals, int code);
/* Ends the guard and lets signals through again. Signals that nobody took are dropped. */
void signals_finish(struct signals *signals);

/* SIGTERM or SIGINT came, and nobody took it yet. */
bool signals_asked(void);

#endif
