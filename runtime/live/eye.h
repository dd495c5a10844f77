/* SPDX-License-Identifier: Apache-2.0
 * The thread that takes frames: when they are due, if something moved, to the brain. */
#ifndef LIVE_EYE_H
#define LIVE_EYE_H

#include "live/brain.h"
#include "live/eye_settings.h"
#include "live/motion.h"
#include "live/opener.h"
#include "live/pace.h"

struct eye {
    struct brain *brain;
    struct meter *meter;
    /* the thread's own once it runs */
    struct source *source;
    struct opener *opener;    /* opens or closes one; NULL: nothing is on its way */
    bool opening, told;       /* it opens; that it takes long was told */
    int64_t asked_ns;         /* since when */
    struct eye_settings *now; /* of the ini */
    struct motion motion;
    struct pace pace;
    int64_t look_every_ns, looked_ns, heat_ns;
    int64_t usual_ns; /* what looking for motion takes of late */
    uint64_t last_sequence;
    bool any;          /* a frame came since the source was opened */
    bool stale;        /* the source is to be closed */
    bool edited;       /* it is another than at the start: a mistake in an edit ends nothing */
    unsigned failures; /* of the source, one after another */
    struct thread thread;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool stop, ended, open;
    int status;                /* why it ended */
    struct eye_settings *next; /* to be taken over; NULL: none */
    double celsius, slowdown;
    char uri[LIVE_SOURCE];
    uint32_t width, height; /* of the newest frame; 0: none yet */
};

/* Opens the source. A camera that is not there is no fault: it is waited for, and so is what takes over 2 s to open. Errors: as
 * source_open(); eye_finish() then too. */
int eye_open(struct eye *e, const struct live_config *config, struct brain *brain, struct meter *meter);
/* Errors: MEMORY. */
int eye_start(struct eye *e);
/* Asks the thread to end, and waits for so long; false: it does not (a disk that hangs), and nothing may be freed. */
bool eye_stop(struct eye *e, int timeout_ms);
/* Closes the source, once eye and brain have stopped; false: one does not close in that time, or was left earlier, and only
 * _exit() is left. */
bool eye_close(struct eye *e, int timeout_ms);
void eye_finish(struct eye *e);

/* Takes over what changed; another source is opened in the place of the one. Returns when that is taken over, or in a quarter of
 * a second when the thread waits for something: it takes it later. *config may go then. */
void eye_change(struct eye *e, const struct live_config *config);

/* There will be no more frames; *status: OCELLI_OK, or what ended it, which was said. */
bool eye_ended(struct eye *e, int *status);
void eye_status(struct eye *e, struct live_status *status);

#endif
