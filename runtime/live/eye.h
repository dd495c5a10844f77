/* SPDX-License-Identifier: Apache-2.0
 * The thread that takes frames: when they are due, if something moved, to the brain. */
#ifndef LIVE_EYE_H
#define LIVE_EYE_H

#include "live/brain.h"
#include "live/config.h"
#include "live/motion.h"
#include "live/pace.h"

struct eye {
    struct brain *brain;
    struct meter *meter;
    /* the thread's own once it runs */
    struct source *source;
    struct arena strings; /* of `uri`, `options`, `thermal` */
    const char *uri, *thermal;
    struct source_options options;
    struct motion motion;
    struct pace pace;
    double least_motion; /* percent */
    int64_t look_every_ns, looked_ns, heat_ns;
    int64_t usual_ns; /* what looking for motion takes of late */
    uint64_t last_sequence;
    bool any;          /* a frame came since the source was opened */
    bool stale;        /* the source is to be closed */
    unsigned failures; /* of the source, one after another */
    pthread_t thread;
    bool running;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool stop, ended, open;
    int status;                     /* why it ended */
    const struct live_config *next; /* to be taken over; NULL: none */
    double celsius, slowdown;
};

/* Opens the source. A camera that is not there is no fault: it is waited for. Errors: as source_open(); eye_finish() then too. */
int eye_open(struct eye *e, const struct live_config *config, struct brain *brain, struct meter *meter);
/* Errors: MEMORY. */
int eye_start(struct eye *e);
void eye_stop(struct eye *e);
void eye_finish(struct eye *e);

/* Takes over what changed; another source is opened in the place of the one. Returns when that is done; *config may go then. */
void eye_change(struct eye *e, const struct live_config *config);

/* There will be no more frames; *status: OCELLI_OK, or what ended it, which was said. */
bool eye_ended(struct eye *e, int *status);
void eye_status(struct eye *e, struct live_status *status);

#endif
