/* SPDX-License-Identifier: Apache-2.0
 * A change of a tag on its way out: everything copied, so that it outlives the set of tags it came from. */
#ifndef LIVE_EVENT_H
#define LIVE_EVENT_H

#include "tag/tagger.h"

#include <pthread.h>
#include <stdbool.h>

enum { EVENT_NAME = 200, EVENT_JSON = 4096, EVENTS_MOST = 256 };

struct live_event {
    enum tagger_state state;    /* ON, OFF, or UNKNOWN: of the group */
    char tag[EVENT_NAME];       /* "": the group's answer is unknown now */
    char group[EVENT_NAME];     /* "": none */
    char runner_up[EVENT_NAME]; /* "": none */
    char model[EVENT_NAME];
    struct tagger_why why; /* but for its runner_up, which is NULL */
    uint64_t version;      /* of the prompts */
    uint64_t frame;        /* its sequence */
    bool edited;           /* other tags made it so, not the frame */
    int64_t captured_ns;   /* CLOCK_MONOTONIC */
    char time[40];         /* the same, RFC 3339 with milliseconds, UTC */
    int64_t gpu_ns;        /* that its picture took on the device */
    char json[EVENT_JSON]; /* docs/run.md tells the fields; a line with its end */
};

/* "on", "off", "learning", "unknown". */
const char *event_state(enum tagger_state state);

/* "fixed", "learnt", "starter"; NULL: none decides. */
const char *event_threshold(enum tagger_threshold threshold);

/* "picture" or "edit": what made it so. */
const char *event_reason(const struct live_event *event);

/* Fills all of *event, its time by the clocks of now. */
void event_make(struct live_event *event, const struct tagger_event *from, int64_t captured_ns, int64_t gpu_ns);

/* RFC 3339 of an instant of CLOCK_MONOTONIC. */
void event_time(int64_t captured_ns, char text[40]);

/* Events between the thread that makes and the one that tells them. */
struct event_queue {
    pthread_mutex_t lock;
    int fd; /* an eventfd, readable after a put */
    struct live_event *ring;
    size_t first, count;
    _Atomic uint64_t lost; /* read by any thread: that nobody took in time: the oldest go */
};

/* Errors: MEMORY; event_queue_finish() then too. */
int event_queue_init(struct event_queue *q);
void event_queue_finish(struct event_queue *q);
void event_put(struct event_queue *q, const struct live_event *event);
/* The oldest, or false. Empties `fd` with the last. */
bool event_take(struct event_queue *q, struct live_event *event);

#endif
