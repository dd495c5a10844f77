/* SPDX-License-Identifier: Apache-2.0
 * The functions of a kind of source, and the mailbox between its thread and the consumer. */
#ifndef SOURCE_KIND_H
#define SOURCE_KIND_H

#include <pthread.h>

#include "base/frame.h"
#include "source/source.h"

#include <ocelli.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A frame on its way. Made and freed by its kind; between slot_post() and recycle it is not the kind's to touch. */
struct slot {
    struct frame frame;
    void (*recycle)(struct slot *slot); /* dropped or released; any thread, no lock held */
    void *owner;                        /* the kind's */
    const void *encoded;                /* a JPEG to be decoded when the frame is taken; NULL: pixels */
    size_t encoded_size;
    char *path; /* a picture file to be decoded then; NULL: none */
    int tries;  /* how often that was found not whole */
    void (*later)(struct source *s,
                  struct slot *slot); /* takes note of a path that is not whole yet; NULL: it is said instead */
    struct ocelli_image image;        /* what was decoded; source.c frees it */
};

/* The newest frame, if nobody took it yet. */
struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* CLOCK_MONOTONIC */
    struct slot *latest;
    int status;               /* what comes after the latest: 0, SOURCE_END, or an error that was said */
    bool every;               /* post waits for the one before to be taken */
    bool closing;             /* nobody will take any more */
    bool away;                /* what gives the frames is not there, and is waited for */
    char fault[SOURCE_FAULT]; /* why; "": the kind does not tell */
};

struct source_kind {
    const char *scheme; /* with its colon */
    const char *form;   /* of the whole URI, for messages */
    int file;           /* the colon of the URI behind which a file or folder stands; 0: none does */
    bool plays;         /* knows the option `recording` */
    /* Would open() refuse it, as far as can be seen without opening? Changes nothing, and wakes nobody (a FIFO's
     * writer). What it refuses it has logged. */
    int (*check)(const char *uri, const char *rest, const struct source_options *o);
    /* `rest`: of the URI, behind the scheme; `o`: checked, as is the rest. Sets s->state; close() follows success
     * alone. */
    int (*open)(struct source *s, const char *rest, const struct source_options *o);
    int (*run)(struct source *s); /* the thread: until source_stopped(); gives box.status */
    void (*close)(struct source *s);
};

struct source {
    const struct source_kind *kind;
    char *uri;
    void *state; /* the kind's */
    uint32_t rotation;
    struct source_options options; /* as given; the strings are the caller's, and may be gone */
    struct mailbox mailbox;
    int64_t recording_start_ns; /* CLOCK_MONOTONIC when the first frame of a recording was given; the consumer's. 0:
                                   none yet */
    int held;                   /* frames; under the mailbox's lock */
    int broken;                 /* pictures that could not be decoded, one after another; the consumer's */
    int stop_fd;                /* an eventfd that becomes readable at close, for poll() */
    pthread_t thread;
    bool started;
};

int mailbox_init(struct mailbox *mailbox, bool every);
void mailbox_finish(struct mailbox *mailbox);
/* Puts a frame in; the one before, or this one when closing, is recycled. */
void mailbox_post(struct mailbox *mailbox, struct slot *slot);
/* Takes the latest out, waiting for it. A source_answer or an error. */
int mailbox_take(struct mailbox *mailbox, int timeout_ms, struct slot **slot);
/* Recycles a latest that nobody took. */
void mailbox_clear(struct mailbox *mailbox);
/* Ends: what source_next() gives once the latest is taken. */
void mailbox_end(struct mailbox *mailbox, int status);
void mailbox_set_away(struct mailbox *mailbox, bool away);
void mailbox_set_fault(struct mailbox *mailbox, const char *fault);
/* Waits until then (CLOCK_MONOTONIC, ns); true at once when the source is being closed. */
bool mailbox_sleep(struct mailbox *mailbox, int64_t until_ns);
void mailbox_close(struct mailbox *mailbox);

bool source_stopped(struct source *source);
/* Waits until `fd` can be read, or the source is closed (false). */
bool source_readable(struct source *source, int fd);

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t source_now(void);

/* The kinds: a row each in source.c. */
int y4m_check(const char *uri, const char *rest, const struct source_options *options);
int y4m_open(struct source *source, const char *rest, const struct source_options *options);
int raw_check(const char *uri, const char *rest, const struct source_options *options);
int raw_open(struct source *source, const char *rest, const struct source_options *options);
int stream_run(struct source *source);
void stream_close(struct source *source);

/* Recordings that are longer stand still from there on: a century, as rates and times of files may be anything, and
 * sums of nanoseconds have room for three. */
#define RECORDING_MOST_NS (INT64_C(36525) * 86400 * 1000000000)

/* What the frame at `position_ns` of a recording gets, which is at least 0; zeroed for a source that plays none. */
struct frame_recording source_recording(const struct source *source, int64_t position_ns, int64_t real_ns);

int files_check(const char *uri, const char *rest, const struct source_options *options);
int files_open(struct source *source, const char *rest, const struct source_options *options);
int files_run(struct source *source);
void files_close(struct source *source);

int scene_check(const char *uri, const char *rest, const struct source_options *options);
int scene_open(struct source *source, const char *rest, const struct source_options *options);
int scene_run(struct source *source);
void scene_close(struct source *source);

/* http.c, or http_absent.c. usable: as source_usable(). */
bool http_usable(char why[SOURCE_WHY]);
int http_check(const char *uri, const char *rest, const struct source_options *options);
int http_open(struct source *source, const char *rest, const struct source_options *options);
int http_run(struct source *source);
void http_close(struct source *source);

/* camera.c, by the camera module. */
int camera_check(const char *uri, const char *rest, const struct source_options *options);
int camera_open(struct source *source, const char *rest, const struct source_options *options);
int camera_run(struct source *source);
void camera_close(struct source *source);

#ifdef __cplusplus
}
#endif

#endif
