/* SPDX-License-Identifier: Apache-2.0
 * What struct daemon is made of. */
#ifndef DAEMON_INNER_H
#define DAEMON_INNER_H

#include "base/sha256.h"
#include "daemon/announce.h"
#include "daemon/capture.h"
#include "daemon/line_writer.h"
#include "daemon/daemon.h"
#include "daemon/fault_list.h"
#include "daemon/on_change.h"
#include "daemon/own_tags.h"
#include "daemon/saver.h"
#include "daemon/signals.h"
#include "daemon/file_watch.h"

enum { DAEMON_HOOKS = 8 };

struct daemon {
    struct daemon_options options;
    struct daemon_config config;  /* without its tags, which the inference thread has */
    char *model, *device, *state; /* as at the start: copies */
    uint8_t seen[SHA256_SIZE];    /* of the ini's bytes that were read last */
    bool refused;                 /* they were no good */
    struct meter meter;
    struct event_queue events;
    struct moderation *moderation; /* NULL: none */
    struct inference inference;
    struct own_tags own;   /* of its model */
    struct memory *memory; /* NULL: none */
    struct capture capture;
    struct file_watch file_watch;
    struct on_change on_change;
    struct saver saver;
    struct line_writer *out;
    struct daemon_hook hooks[DAEMON_HOOKS];
    size_t hook_count;
    pthread_mutex_t leaving; /* held while hooks' leave() are called, and while the hooks go */
    struct signals signals;
    struct announce announce;
    struct fault_list faults; /* for `status` */
    bool asked, stuck;
    atomic_bool ending; /* searches end early */
    int64_t end_ns;     /* when the end began, whose parts have limits from then on */
    int64_t started_ns, saved_ns, status_ns, notified_ns, flushed_ns, looked_ns;
    int64_t closed_ns, silent_ns, lost_ns; /* of own_faults.c; 0: not so */
};

/* live.c: what happened meanwhile; one turn, that waits for something to do, or a tick. Errors: FILE (the reader of
 * standard output is gone). */
int daemon_take_events(struct daemon *daemon);
int daemon_wait(struct daemon *daemon);

/* end.c: stops all that runs, saves what was learnt, and gives the status to end with: `status`, or what failed at the
 * end. */
int end_run(struct daemon *daemon, int status);
/* The guard's (daemon/signals.h): no command, no half of a file stays. Waits for nobody. */
void end_leave(void *user);

/* reload.c: reads the ini if its bytes are others than before; what is wrong with it was said, and all stays. */
void reload(struct daemon *daemon);

/* chores.c: what is due now. */
void housekeeping(struct daemon *daemon, int64_t now_ns);
/* Begins to save what was learnt. */
void housekeeping_save(struct daemon *daemon);
/* own_faults.c: what is wrong now, into daemon->faults. */
void own_faults(struct daemon *daemon, int64_t now_ns);
/* A status line to standard output. */
void housekeeping_status(struct daemon *daemon);

#endif
