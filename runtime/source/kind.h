/* SPDX-License-Identifier: Apache-2.0
 * What a kind of source is to source.c, and the box between its thread and the consumer. */
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
    char *path;                                         /* a picture file to be decoded then; NULL: none */
    int tries;                                          /* how often that was found not whole */
    void (*later)(struct source *s, struct slot *slot); /* takes note of a path that is not whole yet; NULL: it is said instead */
    struct ocelli_image image;                          /* what was decoded; source.c frees it */
};

/* The newest frame, if nobody took it yet. */
struct box {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* CLOCK_MONOTONIC */
    struct slot *latest;
    int status;   /* what comes after the latest: 0, SOURCE_END, or an error that was said */
    bool every;   /* post waits for the one before to be taken */
    bool closing; /* nobody will take any more */
    bool away;    /* what gives the frames is not there, and is waited for */
};

struct source_kind {
    const char *scheme; /* with its colon */
    const char *form;   /* of the whole URI, for messages */
    int file;           /* the colon of the URI behind which a file or folder stands; 0: none does */
    /* Would open() refuse it, as far as can be seen without opening? Changes nothing, and wakes nobody (a FIFO's writer). What it
     * refuses it has logged. */
    int (*check)(const char *uri, const char *rest, const struct source_options *o);
    /* `rest`: of the URI, behind the scheme; `o`: checked, as is the rest. Sets s->state; close() follows success alone. */
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
    struct box box;
    int held;    /* frames; under the box' lock */
    int stop_fd; /* an eventfd that becomes readable at close, for poll() */
    pthread_t thread;
    bool started;
};

int box_init(struct box *b, bool every);
void box_finish(struct box *b);
/* Puts a frame in; the one before, or this one when closing, is recycled. */
void box_post(struct box *b, struct slot *slot);
/* Takes the latest out, waiting for it. A source_answer or an error. */
int box_take(struct box *b, int timeout_ms, struct slot **slot);
/* Recycles a latest that nobody took. */
void box_clear(struct box *b);
/* Ends: what source_next() gives once the latest is taken. */
void box_end(struct box *b, int status);
void box_set_away(struct box *b, bool away);
/* Waits until then (CLOCK_MONOTONIC, ns); true at once when the source is being closed. */
bool box_sleep(struct box *b, int64_t until_ns);
void box_close(struct box *b);

bool source_stopped(struct source *s);
/* Waits until `fd` can be read, or the source is closed (false). */
bool source_readable(struct source *s, int fd);

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t source_now(void);

/* The kinds: a row each in source.c. */
int y4m_check(const char *uri, const char *rest, const struct source_options *o);
int y4m_open(struct source *s, const char *rest, const struct source_options *o);
int raw_check(const char *uri, const char *rest, const struct source_options *o);
int raw_open(struct source *s, const char *rest, const struct source_options *o);
int stream_run(struct source *s);
void stream_close(struct source *s);

int files_check(const char *uri, const char *rest, const struct source_options *o);
int files_open(struct source *s, const char *rest, const struct source_options *o);
int files_run(struct source *s);
void files_close(struct source *s);

int scene_check(const char *uri, const char *rest, const struct source_options *o);
int scene_open(struct source *s, const char *rest, const struct source_options *o);
int scene_run(struct source *s);
void scene_close(struct source *s);

/* camera.cpp, or camera_absent.c in its place. */
int camera_check(const char *uri, const char *rest, const struct source_options *o);
int camera_open(struct source *s, const char *rest, const struct source_options *o);
int camera_run(struct source *s);
void camera_close(struct source *s);

#ifdef __cplusplus
}
#endif

#endif
