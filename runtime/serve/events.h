/* SPDX-License-Identifier: Apache-2.0
 * The last changes, and where each client that watches stands in them. */
#ifndef SERVE_EVENTS_H
#define SERVE_EVENTS_H

#include "serve/callbacks.h"
#include "serve/out.h"

enum { SERVE_EVENTS = 16, SERVE_NAME_CAPACITY = INI_LINE + 1 };

/* A tagger_event that stays. */
struct serve_event {
    uint64_t n; /* from 1 */
    enum tagger_state state;
    bool edited; /* other tags made it so, not a frame */
    uint64_t seq, version;
    double taken_ms;                     /* of the monotonic clock */
    char tag[SERVE_NAME_CAPACITY];       /* "": the group is unknown */
    char group[SERVE_NAME_CAPACITY];     /* "": none */
    char runner_up[SERVE_NAME_CAPACITY]; /* "": none */
    char policy[SERVE_NAME_CAPACITY];    /* "": none, it is of a tag or group */
    const char *action, *verdict;        /* of the policy, of the picture; NULL: none. Static */
    float score, margin, cosine, on, percentile;
    enum tagger_threshold threshold;
};

struct serve_events {
    struct serve_event ring[SERVE_EVENTS]; /* n at n % SERVE_EVENTS */
    uint64_t count;                        /* so far: the newest's n */
};

/* time_ms of the event: of clock_ms(). */
void serve_events_add(struct serve_events *events, const struct tagger_event *event);
/* Number n, or NULL when it is gone or to come. */
const struct serve_event *serve_events_get(const struct serve_events *events, uint64_t count);

/* "off" and so on. */
const char *serve_state_name(enum tagger_state state);

/* The field `threshold` of an open object; nothing of TAGGER_NONE. */
void serve_threshold_write(enum tagger_threshold threshold, struct serve_out *out);

/* A client that watches. */
struct serve_watch {
    bool on, terse;
    unsigned sum;   /* digits of the checksum of pushes; 0: none */
    char id[33];    /* "": none */
    uint64_t first; /* events->count when it began */
    uint64_t seen;  /* the last that was pushed */
    double pushed_ms, until_ms;
};

/* Writes fields of an open object: n less `first`, and the rest. */
void serve_event_write(const struct serve_event *event, uint64_t first, double now_ms, struct serve_out *out);

#endif
