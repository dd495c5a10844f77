/* SPDX-License-Identifier: Apache-2.0
 * on_change: a shell command for each event, one at a time, that nobody waits for. */
#ifndef LIVE_PROGRAM_H
#define LIVE_PROGRAM_H

#include "live/event.h"

#include <sys/types.h>

enum { PROGRAM_WAITING = 64, PROGRAM_SECONDS = 60 };

/* A zeroed one is idle. */
struct program {
    _Atomic pid_t pid;          /* that runs, and its process group; 0: none */
    int64_t started;            /* ns */
    struct live_event *waiting; /* (PROGRAM_WAITING) */
    size_t first, count;
    char *folder;                       /* of the ini, as a variable; NULL: not told */
    _Atomic uint64_t ran, failed, lost; /* read by any thread; lost: more were waiting than there is room for */
};

/* From here on commands find the folder of the file `ini` in OCELLI_FOLDER. Errors: MEMORY. */
int program_tell_folder(struct program *p, const char *ini);

/* Runs `command` through /bin/sh for this event, or when those before are done. It finds the event as a line of JSON on
 * standard input and in variables (docs/run.md). Thread-safety: as program_step(), one thread. */
void program_event(struct program *p, const char *command, const struct live_event *event);

/* Takes the one that ended, starts the next, kills what runs for over a minute. To be called on SIGCHLD and now and then. */
void program_step(struct program *p, const char *command);

/* Nothing runs or waits. */
bool program_idle(const struct program *p);

/* The end: what waits is dropped; what runs gets until term_ns (CLOCK_MONOTONIC), then SIGTERM with its process group, and from
 * kill_ns on SIGKILL. Returns when it is gone, or 50 ms after kill_ns. What a command left in the background when it
 * ended goes on. */
void program_stop(struct program *p, int64_t term_ns, int64_t kill_ns);
/* Kills what runs, without waiting. Any thread. */
void program_kill(const struct program *p);

/* Frees; what runs goes on by itself. */
void program_finish(struct program *p);

#endif
