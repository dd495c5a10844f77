/* SPDX-License-Identifier: Apache-2.0
 * A change of a tag on its way out: everything copied, so that it outlives the set of tags it came from. */
#ifndef DAEMON_EVENT_H
#define DAEMON_EVENT_H

#include "base/frame.h"
#include "tag/tagger.h"

#include <pthread.h>
#include <stdbool.h>

enum { EVENT_NAME = 200, EVENT_FILE = 512, EVENT_JSON = 4096 + 6 * EVENT_FILE, EVENTS_MOST = 256 };

struct daemon_event {
    enum tagger_state state;    /* ON, OFF, or UNKNOWN: of the group */
    char tag[EVENT_NAME];       /* "": the group's answer is unknown now, or it is of a policy */
    char group[EVENT_NAME];     /* "": none */
    char runner_up[EVENT_NAME]; /* "": none */
    char model[EVENT_NAME];
    char policy[EVENT_NAME]; /* "": none, it is of a tag or group */
    const char *action;      /* of the policy; static */
    const char *verdict;     /* of the picture; NULL: there is no moderation. Static */
    struct tagger_why why;   /* its runner_up is NULL: the text stands above */
    uint64_t version;        /* of the prompts */
    uint64_t frame;          /* its sequence */
    bool edited;             /* other tags made it so, not the frame */
    int64_t captured_ns;     /* CLOCK_MONOTONIC */
    int64_t seen_ns;         /* the same, of a recording by its own time: frame_time_ns() */
    int64_t position_ns;     /* in the recording; -1: it is none */
    char file[EVENT_FILE];   /* of a picture file: its name; "": it came from none, or the name is longer */
    char time[40];           /* of seen_ns, or when the recording says: RFC 3339 with milliseconds, UTC */
    int64_t gpu_ns;          /* that its picture took on the device */
    char json[EVENT_JSON];   /* docs/run.md tells the fields; a line with its end */
};

/* What an event of a policy is called, which has no tag that could be on or off. */
#define EVENT_MODERATION "moderation"

/* "on", "off", "learning", "unknown". */
const char *event_state(enum tagger_state state);

/* "fixed", "learnt", "starter"; NULL: none decides. */
const char *event_threshold(enum tagger_threshold threshold);

/* "picture" or "edit": what made it so. */
const char *event_reason(const struct daemon_event *event);

/* Fills all of *event, its time by the clocks of now. It copies the times of `frame` and the name of its file, nothing
 * else. */
void event_make(struct daemon_event *event, const struct tagger_event *from, const struct frame *frame, int64_t gpu_ns);

/* RFC 3339 of an instant of CLOCK_MONOTONIC. */
void event_time(int64_t monotonic_ns, char text[40]);

/* Events between the thread that makes and the one that tells them. */
struct event_queue {
    pthread_mutex_t lock;
    int fd; /* an eventfd, readable after a put */
    struct daemon_event *ring;
    size_t first, count;
    _Atomic uint64_t lost; /* read by any thread: that nobody took in time: the oldest go */
};

/* Errors: MEMORY; event_queue_finish() then too. */
int event_queue_init(struct event_queue *queue);
void event_queue_finish(struct event_queue *queue);
void event_put(struct event_queue *queue, const struct daemon_event *event);
/* The oldest, or false. Empties `fd` with the last. */
bool event_take(struct event_queue *queue, struct daemon_event *event);

#endif
