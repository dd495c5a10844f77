/* SPDX-License-Identifier: Apache-2.0 */
#include "live/event.h"
#include "base/clock.h"
#include "base/log.h"
#include "text/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

const char *event_state(enum tagger_state state) {
    static const char *const names[] = {
        [TAGGER_OFF] = "off", [TAGGER_ON] = "on", [TAGGER_LEARNING] = "learning", [TAGGER_UNKNOWN] = "unknown"};
    return names[state];
}

const char *event_threshold(enum tagger_threshold threshold) {
    return tagger_threshold_name(threshold);
}

const char *event_reason(const struct live_event *e) {
    return e->edited ? "edit" : "picture";
}

void event_time(int64_t captured_ns, char text[40]) {
    int64_t real = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC) + captured_ns;
    time_t seconds = (time_t)(real / 1000000000);
    struct tm utc;
    char date[24];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
    snprintf(text, 40, "%s.%03dZ", date, (int)(real / 1000000 % 1000));
}

static const char *or_null(const char *text) {
    return *text ? text : NULL;
}

static void write_json(struct live_event *e) {
    struct json j = {.to = fmemopen(e->json, sizeof e->json - 1, "w")};
    if (!j.to) return;
    json_begin(&j, NULL, '{');
    json_text(&j, "event", event_state(e->state));
    json_text(&j, "tag", or_null(e->tag));
    json_text(&j, "group", or_null(e->group));
    json_text(&j, "reason", event_reason(e));
    json_number(&j, "score", (double)e->why.score, JSON_SHORT);
    json_number(&j, "margin", (double)e->why.margin, JSON_SHORT);
    json_number(&j, "on", (double)e->why.on, JSON_SHORT);
    json_number(&j, "off", (double)e->why.off, JSON_SHORT);
    json_text(&j, "threshold", event_threshold(e->why.threshold));
    json_number(&j, "cosine", (double)e->why.cosine, JSON_SHORT);
    json_number(&j, "percentile", (double)e->why.percentile, JSON_SHORT);
    json_number(&j, "alarms_a_day", (double)e->why.alarms_a_day, JSON_SHORT);
    json_text(&j, "runner_up", or_null(e->runner_up));
    json_number(&j, "runner_up_cosine", (double)e->why.runner_up_cosine, JSON_SHORT);
    json_count(&j, "version", e->version);
    json_text(&j, "model", e->model);
    json_count(&j, "frame", e->frame);
    json_text(&j, "time", e->time);
    json_count(&j, "monotonic_ms", (uint64_t)(e->captured_ns / 1000000));
    json_end(&j, '}');
    putc('\n', j.to);
    fclose(j.to);
}

static void copy(char to[EVENT_NAME], const char *from) {
    snprintf(to, EVENT_NAME, "%s", from ? from : "");
}

void event_make(struct live_event *e, const struct tagger_event *from, int64_t captured_ns, int64_t gpu_ns) {
    *e = (struct live_event){.state = from->state,
                             .why = from->why,
                             .edited = from->edited,
                             .version = from->version,
                             .frame = from->sequence,
                             .captured_ns = captured_ns,
                             .gpu_ns = gpu_ns};
    copy(e->tag, from->tag);
    copy(e->group, from->group);
    copy(e->runner_up, from->why.runner_up);
    copy(e->model, from->model);
    e->why.runner_up = NULL;
    event_time(captured_ns, e->time);
    write_json(e);
}

int event_queue_init(struct event_queue *q) {
    *q = (struct event_queue){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ring = calloc(EVENTS_MOST, sizeof *q->ring)};
    pthread_mutex_init(&q->lock, NULL);
    return q->fd >= 0 && q->ring ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for events: %s", strerror(errno));
}

void event_queue_finish(struct event_queue *q) {
    if (q->fd >= 0) close(q->fd);
    free(q->ring);
    pthread_mutex_destroy(&q->lock);
    *q = (struct event_queue){.fd = -1};
}

void event_put(struct event_queue *q, const struct live_event *event) {
    uint64_t one = 1;
    pthread_mutex_lock(&q->lock);
    if (q->count == EVENTS_MOST) {
        q->first = (q->first + 1) % EVENTS_MOST, q->count--;
        q->lost++;
        log_warn("events come faster than they are taken: the oldest are lost");
    }
    q->ring[(q->first + q->count++) % EVENTS_MOST] = *event;
    pthread_mutex_unlock(&q->lock);
    (void)!write(q->fd, &one, sizeof one);
}

bool event_take(struct event_queue *q, struct live_event *event) {
    uint64_t all;
    pthread_mutex_lock(&q->lock);
    bool taken = q->count > 0;
    if (taken) {
        *event = q->ring[q->first];
        q->first = (q->first + 1) % EVENTS_MOST, q->count--;
    }
    if (!q->count) (void)!read(q->fd, &all, sizeof all);
    pthread_mutex_unlock(&q->lock);
    return taken;
}
