/* SPDX-License-Identifier: Apache-2.0
 * What the daemon measures of itself: counters, and the last 256 of each time. */
#ifndef DAEMON_METER_H
#define DAEMON_METER_H

#include "source/source.h"
#include "tag/drift.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum meter_time {
    METER_CPU,    /* processor time of a picture, without the driver's own threads */
    METER_GPU,    /* wall time of an embedding */
    METER_BEYOND, /* from capture to states, less METER_GPU */
    METER_EVENT,  /* from capture to a published event, less METER_GPU */
    METER_TIMES
};

enum meter_count {
    METER_FRAMES,   /* taken from the source */
    METER_DROPPED,  /* that the source gave up for newer ones: gaps in the sequence */
    METER_STILL,    /* passed over, as nothing moved */
    METER_PICTURES, /* embedded */
    METER_EVENTS,
    METER_EDITS,    /* of the ini that took effect */
    METER_REFUSED,  /* edits that did not */
    METER_LOST,     /* times the device was opened again */
    METER_REOPENED, /* times the source was */
    METER_COUNTS
};

struct meter_times {
    int64_t ns[256];
    size_t count;
};

struct meter {
    pthread_mutex_t lock;
    uint64_t counts[METER_COUNTS];
    struct meter_times times[METER_TIMES];
    int64_t started_ns;
};

enum { DAEMON_SOURCE = 200 };

/* Of [moderation]. Pictures since the start. */
struct daemon_moderation {
    size_t policies, policies_on;       /* 0 policies: there is no moderation */
    const char *verdict;                /* of the last picture; NULL: none yet. Static */
    uint64_t found, abstained, dropped; /* found: of any policy, the dropped ones too */
};

/* What `status` shows. Times in ms, NAN: none yet. */
struct daemon_status {
    uint64_t counts[METER_COUNTS];
    double median_ms[METER_TIMES], p95_ms[METER_TIMES];
    double uptime_s, pictures_per_s; /* over all the time */
    double celsius, slowdown;        /* NAN: no thermal zone */
    uint64_t rss_bytes, gpu_bytes;
    uint32_t dma_bufs; /* of the camera, read without a copy */
    uint64_t events_lost, programs_ran, programs_failed;
    uint64_t history_bytes, history_kept, history_lost; /* pictures since the start */
    uint64_t version;                                   /* of the prompts */
    bool any;                                           /* a picture was judged: the last one's ... */
    uint64_t sequence;
    int64_t captured_ns;
    const char *model, *device; /* their names; the daemon's */
    size_t tags, tags_on, tags_learning;
    struct drift_status drift;
    struct daemon_moderation moderation;
    char source[DAEMON_SOURCE];                       /* its URI, as source_show() and cut */
    char source_fault[SOURCE_FAULT];                  /* why it is not open; "": not known */
    uint32_t width, height;                           /* pixels of the newest frame, as captured; 0: none came yet */
    bool source_open, device_open, paused, embedding; /* embedding: new prompts are on their way */
};

void meter_init(struct meter *meter);
void meter_finish(struct meter *meter);
void meter_count(struct meter *meter, enum meter_count which, uint64_t more);
void meter_time(struct meter *meter, enum meter_time which, int64_t ns);
uint64_t meter_get(struct meter *meter, enum meter_count which);

/* Fills counts, times and what the process has; leaves the rest. */
void meter_read(struct meter *meter, struct daemon_status *status);

/* The status as a line of JSON with its end, at most `size` bytes; docs/run.md tells the fields. */
void meter_json(const struct daemon_status *status, char *text, size_t size);

#endif
