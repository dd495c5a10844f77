/* SPDX-License-Identifier: Apache-2.0
 * The thread that takes frames: when they are due, if something moved, to the inference thread. */
#ifndef DAEMON_CAPTURE_H
#define DAEMON_CAPTURE_H

#include "daemon/inference.h"
#include "daemon/capture_settings.h"
#include "daemon/motion.h"
#include "daemon/opener.h"
#include "daemon/pace.h"

struct capture {
    struct inference *inference;
    struct meter *meter;
    /* the thread's own once it runs */
    struct source *source;
    struct opener *opener;        /* opens or closes one; NULL: nothing is on its way */
    bool opening, told;           /* it opens; that it takes long was told */
    int64_t asked_ns;             /* since when */
    struct capture_settings *now; /* of the ini */
    struct motion motion;
    struct pace pace;
    struct pace recorded; /* the same for a recording, by its own time */
    int64_t look_every_ns, judged_ns, heat_ns;
    int64_t usual_ns; /* what looking for motion takes of late */
    uint64_t last_sequence;
    bool any;          /* a frame came since the source was opened */
    bool stale;        /* the source is to be closed */
    bool edited;       /* it is another than at the start: a mistake in an edit ends nothing */
    unsigned failures; /* of the source, one after another */
    struct thread thread;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool stop, ended, open, paused;
    int status;                    /* why it ended */
    struct capture_settings *next; /* to be taken over; NULL: none */
    double celsius, slowdown;
    char uri[DAEMON_SOURCE], fault[SOURCE_FAULT]; /* fault: why it is away; "": not known */
    uint32_t width, height;                       /* of the newest frame; 0: none yet */
};

/* Opens the source. A camera that is not there is no fault: it is waited for, and so is what takes over 2 s to open.
 * Errors: as source_open(); capture_finish() then too. */
int capture_open(struct capture *capture, const struct daemon_config *config, struct inference *inference,
                 struct meter *meter);
/* Errors: MEMORY. */
int capture_start(struct capture *capture);
/* Asks the thread to end, and waits for so long; false: it does not (a disk that hangs), and nothing may be freed. */
bool capture_stop(struct capture *capture, int timeout_ms);
/* Closes the source, once the capture and inference threads have stopped; false: one does not close in that time, or
 * was left earlier, and only _exit() is left. */
bool capture_close(struct capture *capture, int timeout_ms);
void capture_finish(struct capture *capture);

/* Takes over what changed; another source is opened in the place of the one. Returns when that is taken over, or in a
 * quarter of a second when the thread waits for something: it takes it later. *config may go then. */
void capture_change(struct capture *capture, const struct daemon_config *config);

/* Pictures are not looked at until this is called with false: the tags stay as they are. */
void capture_pause(struct capture *capture, bool paused);

/* There will be no more frames; *status: OCELLI_OK, or what ended it, which was said. */
bool capture_ended(struct capture *capture, int *status);
void capture_status(struct capture *capture, struct daemon_status *status);

#endif
