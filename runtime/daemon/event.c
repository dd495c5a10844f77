/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/event.h"
#include "base/clock.h"
#include "base/log.h"
#include "text/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MILLISECONDS = 15 }; /* digits: exact, and longer than any recording */

const char *event_state(enum tagger_state state) {
    static const char *const names[] = {
        [TAGGER_OFF] = "off", [TAGGER_ON] = "on", [TAGGER_LEARNING] = "learning", [TAGGER_UNKNOWN] = "unknown"};
    return names[state];
}

const char *event_threshold(enum tagger_threshold threshold) {
    return tagger_threshold_name(threshold);
}

const char *event_reason(const struct daemon_event *event) {
    return event->edited ? "edit" : "picture";
}

static void write_time(int64_t real, char text[40]) {
    time_t seconds = (time_t)(real / 1000000000);
    struct tm utc;
    char date[24];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &utc));
    snprintf(text, 40, "%s.%03dZ", date, (int)(real / 1000000 % 1000));
}

void event_time(int64_t monotonic_ns, char text[40]) {
    write_time(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC) + monotonic_ns, text);
}

static const char *or_null(const char *text) {
    return *text ? text : NULL;
}

/* What the state is, and why. */
static void write_tag(struct json *j, const struct daemon_event *event) {
    json_text(j, "event", event_state(event->state));
    json_text(j, "tag", or_null(event->tag));
    json_text(j, "group", or_null(event->group));
    json_text(j, "reason", event_reason(event));
    json_number(j, "score", (double)event->why.score, JSON_SHORT);
    json_number(j, "margin", (double)event->why.margin, JSON_SHORT);
    json_number(j, "on", (double)event->why.on, JSON_SHORT);
    json_number(j, "off", (double)event->why.off, JSON_SHORT);
    json_text(j, "threshold", event_threshold(event->why.threshold));
    json_number(j, "cosine", (double)event->why.cosine, JSON_SHORT);
    json_number(j, "percentile", (double)event->why.percentile, JSON_SHORT);
    json_number(j, "alarms_a_day", (double)event->why.alarms_a_day, JSON_SHORT);
}

static void write_policy(struct json *j, const struct daemon_event *event) {
    json_text(j, "event", EVENT_MODERATION);
    json_text(j, "policy", event->policy);
    json_bool(j, "found", event->state == TAGGER_ON);
    json_text(j, "action", event->action);
    json_number(j, "score", (double)event->why.score, JSON_SHORT);
    json_number(j, "margin", (double)event->why.margin, JSON_SHORT);
    json_number(j, "on", (double)event->why.on, JSON_SHORT);
    json_number(j, "cosine", (double)event->why.cosine, JSON_SHORT);
}

static void write_json(struct daemon_event *event) {
    struct json j = {.to = fmemopen(event->json, sizeof event->json - 1, "w")};
    if (!j.to) return;
    json_begin(&j, NULL, '{');
    (*event->policy ? write_policy : write_tag)(&j, event);
    json_text(&j, "runner_up", or_null(event->runner_up));
    json_number(&j, "runner_up_cosine", (double)event->why.runner_up_cosine, JSON_SHORT);
    if (event->verdict) json_text(&j, "verdict", event->verdict);
    json_count(&j, "version", event->version);
    json_text(&j, "model", event->model);
    json_count(&j, "frame", event->frame);
    json_text(&j, "time", event->time);
    json_count(&j, "monotonic_ms", (uint64_t)(event->seen_ns / 1000000));
    json_text(&j, "file", or_null(event->file));
    json_number(&j, "position_ms", event->position_ns < 0 ? (double)NAN : (double)(event->position_ns / 1000000),
                MILLISECONDS);
    json_end(&j, '}');
    putc('\n', j.to);
    fclose(j.to);
}

static void copy(char to[EVENT_NAME], const char *from) {
    snprintf(to, EVENT_NAME, "%s", from ? from : "");
}

void event_make(struct daemon_event *event, const struct tagger_event *from, const struct frame *frame,
                int64_t gpu_ns) {
    *event = (struct daemon_event){.state = from->state,
                                   .why = from->why,
                                   .edited = from->edited,
                                   .action = from->action,
                                   .verdict = from->verdict,
                                   .version = from->version,
                                   .frame = from->sequence,
                                   .captured_ns = frame->captured_ns,
                                   .seen_ns = frame_time_ns(frame),
                                   .position_ns = frame->recording.on ? frame->recording.position_ns : -1,
                                   .gpu_ns = gpu_ns};
    copy(event->tag, from->tag);
    copy(event->policy, from->policy);
    copy(event->group, from->group);
    copy(event->runner_up, from->why.runner_up);
    copy(event->model, from->model);
    event->why.runner_up = NULL;
    if (frame->file && strlen(frame->file) < EVENT_FILE) strcpy(event->file, frame->file);
    if (frame->recording.real_ns)
        write_time(frame->recording.real_ns, event->time);
    else
        event_time(event->seen_ns, event->time);
    write_json(event);
}

int event_queue_init(struct event_queue *queue) {
    *queue = (struct event_queue){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                  .ring = calloc(EVENTS_MOST, sizeof *queue->ring)};
    pthread_mutex_init(&queue->lock, NULL);
    return queue->fd >= 0 && queue->ring ? OCELLI_OK
                                         : log_fail(OCELLI_ERR_MEMORY, "out of memory for events: %s", strerror(errno));
}

void event_queue_finish(struct event_queue *queue) {
    if (queue->fd >= 0) close(queue->fd);
    free(queue->ring);
    pthread_mutex_destroy(&queue->lock);
    *queue = (struct event_queue){.fd = -1};
}

void event_put(struct event_queue *queue, const struct daemon_event *event) {
    uint64_t one = 1;
    pthread_mutex_lock(&queue->lock);
    if (queue->count == EVENTS_MOST) {
        queue->first = (queue->first + 1) % EVENTS_MOST, queue->count--;
        queue->lost++;
        log_warn("events come faster than they are taken: the oldest are lost");
    }
    queue->ring[(queue->first + queue->count++) % EVENTS_MOST] = *event;
    pthread_mutex_unlock(&queue->lock);
    (void)!write(queue->fd, &one, sizeof one);
}

bool event_take(struct event_queue *queue, struct daemon_event *event) {
    uint64_t all;
    pthread_mutex_lock(&queue->lock);
    bool taken = queue->count > 0;
    if (taken) {
        *event = queue->ring[queue->first];
        queue->first = (queue->first + 1) % EVENTS_MOST, queue->count--;
    }
    if (!queue->count) (void)!read(queue->fd, &all, sizeof all);
    pthread_mutex_unlock(&queue->lock);
    return taken;
}
