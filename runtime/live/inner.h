/* SPDX-License-Identifier: Apache-2.0
 * What struct live is made of. */
#ifndef LIVE_INNER_H
#define LIVE_INNER_H

#include "base/sha256.h"
#include "live/announce.h"
#include "live/eye.h"
#include "live/lines.h"
#include "live/live.h"
#include "live/program.h"
#include "live/saver.h"
#include "live/signals.h"
#include "live/watch.h"

enum { LIVE_HOOKS = 8 };

struct live {
    struct live_options options;
    struct live_config config;    /* but for its tags, which the brain has */
    char *model, *device, *state; /* as at the start: copies */
    uint8_t seen[SHA256_SIZE];    /* of the ini's bytes that were read last */
    bool refused;                 /* they were no good */
    struct meter meter;
    struct event_queue events;
    struct brain brain;
    struct memory *memory; /* NULL: none */
    struct eye eye;
    struct watch watch;
    struct program program;
    struct saver saver;
    struct lines *out;
    struct live_hook hooks[LIVE_HOOKS];
    size_t hook_count;
    pthread_mutex_t leaving; /* held while hooks' leave() are called, and while the hooks go */
    struct signals signals;
    struct announce announce;
    bool asked, stuck;
    atomic_bool ending; /* searches end early */
    int64_t end_ns;     /* when the end began, whose parts have limits from then on */
    int64_t started_ns, saved_ns, status_ns, notified_ns, flushed_ns;
};

/* live.c: what happened meanwhile; one turn, that waits for something to do, or a tick. Errors: FILE (the reader of standard
 * output is gone). */
int live_take_events(struct live *l);
int live_wait(struct live *l);

/* end.c: stops all that runs, saves what was learnt, and gives the status to end with: `status`, or what failed at the end. */
int end_run(struct live *l, int status);
/* The guard's (live/signals.h): no command, no half of a file stays. Waits for nobody. */
void end_leave(void *user);

/* reload.c: reads the ini if its bytes are others than before; what is wrong with it was said, and all stays. */
void reload(struct live *l);

/* chores.c: what is due now. */
void chores(struct live *l, int64_t now_ns);
/* Begins to save what was learnt. */
void chores_save(struct live *l);
/* A status line to standard output. */
void chores_status(struct live *l);

#endif
