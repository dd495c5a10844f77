/* SPDX-License-Identifier: Apache-2.0
 * on_change: a shell command for each event, one at a time, that nobody waits for. */
#ifndef DAEMON_ON_CHANGE_H
#define DAEMON_ON_CHANGE_H

#include "daemon/event.h"

#include <sys/types.h>

enum { ON_CHANGE_WAITING = 64, ON_CHANGE_SECONDS = 60, ON_CHANGE_FAULT = 256 };

/* A zeroed one is idle. */
struct on_change {
    _Atomic pid_t pid;            /* that runs, and its process group; 0: none */
    int64_t started;              /* ns */
    struct daemon_event *waiting; /* (ON_CHANGE_WAITING) */
    size_t first, count;
    char fault[ON_CHANGE_FAULT];        /* why the last one could not be run; "": it could, or none was */
    char *folder;                       /* of the ini, as a variable; NULL: not told */
    _Atomic uint64_t ran, failed, lost; /* read by any thread; lost: more were waiting than there is room for */
};

/* From here on commands find the folder of the file `ini` in OCELLI_FOLDER. Errors: MEMORY. */
int program_tell_folder(struct on_change *on_change, const char *ini);

/* Runs `command` through /bin/sh for this event, or when those before are done. It finds the event as a line of JSON on
 * standard input and in variables (docs/run.md). Thread-safety: as on_change_step(), one thread. */
void on_change_event(struct on_change *on_change, const char *command, const struct daemon_event *event);

/* Takes the one that ended, starts the next, kills what runs for over a minute. To be called on SIGCHLD and now and
 * then. */
void on_change_step(struct on_change *on_change, const char *command);

/* Nothing runs or waits. */
bool on_change_idle(const struct on_change *on_change);

/* The end: waiting events are dropped. A command that runs has until term_ns (CLOCK_MONOTONIC). Then its process group
 * gets SIGTERM, and from kill_ns on SIGKILL. Returns when it is gone, or 50 ms after kill_ns. Processes that a command
 * left in the background go on. */
void on_change_stop(struct on_change *on_change, int64_t term_ns, int64_t kill_ns);
/* Kills what runs, without waiting. Any thread. */
void on_change_kill(const struct on_change *on_change);

/* Frees; what runs goes on by itself. */
void on_change_finish(struct on_change *on_change);

#endif
