/* SPDX-License-Identifier: Apache-2.0 */
#include "live/eye.h"
#include "base/clock.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 100, BACKOFF_FIRST_MS = 250, BACKOFF_MOST_MS = 30000 };
#define HEAT_EVERY_NS INT64_C(2000000000)

/* ---- what the ini says ---- */

static const char *copy(struct eye *e, const char *text) {
    return text ? arena_copy(&e->strings, text, strlen(text)) : NULL;
}

/* A large picture takes seconds to decode: a stop does not wait for it. */
static bool stopping(void *user) {
    struct eye *e = user;
    pthread_mutex_lock(&e->lock);
    bool stop = e->stop;
    pthread_mutex_unlock(&e->lock);
    return stop;
}

static int take_config(struct eye *e, const struct live_config *c) {
    arena_finish(&e->strings);
    e->options = c->source;
    e->options.stopping = stopping, e->options.user = e;
    e->uri = copy(e, c->uri);
    e->thermal = copy(e, c->thermal ? c->thermal : "/sys/class/thermal");
    e->options.format = copy(e, c->format);
    e->pace.rate = c->rate, e->pace.hot = c->hot;
    e->least_motion = c->motion;
    e->look_every_ns = (int64_t)(c->look_every * 1e9);
    e->heat_ns = 0;
    bool all = e->uri && e->thermal && (e->options.format || !c->format);
    return all ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", c->path);
}

static bool same_source(const struct eye *e, const struct live_config *c) {
    const struct source_options *a = &e->options, *b = &c->source;
    return config_same_text(e->uri, c->uri) && config_same_text(a->format, b->format) && a->rotation == b->rotation &&
           a->every == b->every && a->ignore_orientation == b->ignore_orientation && a->width == b->width &&
           a->height == b->height && a->rate == b->rate && a->exposure_us == b->exposure_us &&
           !(a->gain < b->gain || a->gain > b->gain) &&
           !(a->exposure_value < b->exposure_value || a->exposure_value > b->exposure_value);
}

static void change(struct eye *e, const struct live_config *c) {
    if (!same_source(e, c)) e->stale = true, e->open = false, e->failures = 0;
    take_config(e, c);
}

/* ---- waiting ---- */

/* Until then, or a change, or for WAIT_MS. */
static void wait_until(struct eye *e, int64_t until) {
    int64_t most = clock_ns(CLOCK_MONOTONIC) + WAIT_MS * INT64_C(1000000);
    if (until > most) until = most;
    struct timespec at = clock_at(until);
    pthread_mutex_lock(&e->lock);
    if (!e->stop && !e->next) pthread_cond_timedwait(&e->changed, &e->lock, &at);
    pthread_mutex_unlock(&e->lock);
}

/* true: a frame may be taken. Sooner than the brain can use it, it would only get old. */
static bool due(struct eye *e) {
    int64_t now = clock_ns(CLOCK_MONOTONIC), at = brain_free_at(e->brain) - e->usual_ns;
    if (at < e->pace.due_ns) at = e->pace.due_ns;
    if (at > now) wait_until(e, at);
    return clock_ns(CLOCK_MONOTONIC) >= at;
}

static void take_heat(struct eye *e) {
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (e->heat_ns && now - e->heat_ns < HEAT_EVERY_NS) return;
    e->heat_ns = now;
    double celsius = pace_temperature(e->thermal);
    pace_heat(&e->pace, celsius);
    pthread_mutex_lock(&e->lock);
    e->celsius = celsius, e->slowdown = e->pace.slowdown;
    pthread_mutex_unlock(&e->lock);
}

/* ---- frames ---- */

/* false: nothing moved, and it was looked at not long ago. */
static bool worth_a_look(struct eye *e, const struct frame *f) {
    double moved = motion_step(&e->motion, f);
    int64_t since = f->captured_ns - e->looked_ns;
    if (e->motion.started && moved < e->least_motion && since < e->look_every_ns) return false;
    motion_keep(&e->motion);
    e->looked_ns = f->captured_ns;
    return true;
}

static void count_frame(struct eye *e, const struct frame *f) {
    meter_count(e->meter, METER_FRAMES, 1);
    if (e->any && f->sequence > e->last_sequence + 1) meter_count(e->meter, METER_DROPPED, f->sequence - e->last_sequence - 1);
    e->last_sequence = f->sequence;
    e->any = true;
    e->failures = 0;
}

/* The frame is held until the device has read it where it lies. */
static void take_frame(struct eye *e, struct frame *f, struct brain_picture *p) {
    int64_t began = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    count_frame(e, f);
    if (!worth_a_look(e, f)) {
        meter_count(e->meter, METER_STILL, 1);
        source_release(e->source, f);
        brain_leave(e->brain, p);
        return;
    }
    int64_t took = clock_ns(CLOCK_MONOTONIC) - began;
    e->usual_ns = e->usual_ns ? (7 * e->usual_ns + took) / 8 : took;
    p->source = e->source, p->frame = *f, p->luma = e->motion.luma;
    p->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    brain_put(e->brain, p);
}

/* ---- the source ---- */

/* A stream that failed cannot be had again: what follows on it is out of step, or another run of the same file. */
static bool is_stream(const char *uri) {
    return !strncmp(uri, "y4m:", 4) || !strncmp(uri, "raw:", 4);
}

static void end(struct eye *e, int status) {
    pthread_mutex_lock(&e->lock);
    e->ended = true, e->status = status;
    pthread_mutex_unlock(&e->lock);
}

static void set_open(struct eye *e, bool open) {
    pthread_mutex_lock(&e->lock);
    e->open = open;
    pthread_mutex_unlock(&e->lock);
}

/* Closes a source that is not wanted any more, once the device is done with its frames; false: not yet. */
static bool let_go(struct eye *e) {
    if (!e->stale) return true;
    if (!brain_drop(e->brain, WAIT_MS)) return false;
    source_close(&e->source);
    e->stale = false;
    return true;
}

static void lose_source(struct eye *e) {
    e->stale = true;
    set_open(e, false);
    unsigned ms = BACKOFF_FIRST_MS << (e->failures < 8 ? e->failures : 8);
    e->failures++;
    e->pace.due_ns = clock_ns(CLOCK_MONOTONIC) + (ms < BACKOFF_MOST_MS ? ms : BACKOFF_MOST_MS) * INT64_C(1000000);
}

static int open_source(struct eye *e) {
    int status = source_open(&e->source, e->uri, &e->options);
    e->any = false;
    e->motion.started = false;
    if (status) return status;
    set_open(e, true);
    return OCELLI_OK;
}

static void reopen(struct eye *e) {
    if (open_source(e)) {
        lose_source(e);
        return;
    }
    log_info("%s: is there", e->uri);
    meter_count(e->meter, METER_REOPENED, 1);
}

static void take_next(struct eye *e, struct brain_picture *p) {
    struct frame frame;
    int answer = source_next(e->source, WAIT_MS, &frame);
    if (answer == SOURCE_FRAME || answer == SOURCE_WAIT) set_open(e, answer == SOURCE_FRAME || !source_away(e->source));
    if (answer == SOURCE_FRAME) {
        pace_step(&e->pace, clock_ns(CLOCK_MONOTONIC), e->usual_ns + brain_usual_ns(e->brain));
        take_frame(e, &frame, p);
        return;
    }
    brain_leave(e->brain, p);
    if (answer == SOURCE_END || (answer < 0 && is_stream(e->uri)))
        end(e, answer == SOURCE_END ? OCELLI_OK : answer);
    else if (answer < 0)
        lose_source(e);
}

/* ---- the thread ---- */

/* Takes over a change that was asked for; false: stop. */
static bool goes_on(struct eye *e) {
    pthread_mutex_lock(&e->lock);
    if (e->next) {
        change(e, e->next); /* under the lock: who asked for it waits to free it */
        e->next = NULL;
        pthread_cond_broadcast(&e->changed);
    }
    bool on = !e->stop;
    pthread_mutex_unlock(&e->lock);
    return on;
}

static void *run(void *user) {
    struct eye *e = user;
    int status;
    while (goes_on(e)) {
        take_heat(e);
        if (!let_go(e)) continue;
        if (eye_ended(e, &status)) {
            wait_until(e, INT64_MAX);
        } else if (due(e)) {
            if (!e->source) {
                reopen(e);
                continue;
            }
            struct brain_picture *p = brain_room(e->brain, WAIT_MS);
            if (p) take_next(e, p);
        }
    }
    return NULL;
}

int eye_open(struct eye *e, const struct live_config *config, struct brain *brain, struct meter *meter) {
    *e = (struct eye){.brain = brain, .meter = meter, .celsius = NAN};
    pthread_mutex_init(&e->lock, NULL);
    clock_condition(&e->changed);
    int status = take_config(e, config);
    if (!status) status = open_source(e);
    if (status != OCELLI_ERR_DEVICE) return status;
    lose_source(e);
    return OCELLI_OK;
}

int eye_start(struct eye *e) {
    int failed = pthread_create(&e->thread, NULL, run, e);
    if (failed) return log_fail(OCELLI_ERR_MEMORY, "no thread for frames: %s", strerror(failed));
    e->running = true;
    return OCELLI_OK;
}

void eye_stop(struct eye *e) {
    if (!e->running) return;
    pthread_mutex_lock(&e->lock);
    e->stop = true;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
    pthread_join(e->thread, NULL);
    e->running = false;
}

void eye_finish(struct eye *e) {
    if (!e->brain) return;
    brain_drop(e->brain, 0);
    source_close(&e->source);
    arena_finish(&e->strings);
    pthread_cond_destroy(&e->changed);
    pthread_mutex_destroy(&e->lock);
    *e = (struct eye){0};
}

void eye_change(struct eye *e, const struct live_config *config) {
    if (!e->running) return;
    pthread_mutex_lock(&e->lock);
    e->next = config;
    pthread_cond_broadcast(&e->changed);
    while (e->next) pthread_cond_wait(&e->changed, &e->lock);
    pthread_mutex_unlock(&e->lock);
}

bool eye_ended(struct eye *e, int *status) {
    pthread_mutex_lock(&e->lock);
    bool ended = e->ended;
    *status = e->status;
    pthread_mutex_unlock(&e->lock);
    return ended;
}

void eye_status(struct eye *e, struct live_status *s) {
    pthread_mutex_lock(&e->lock);
    s->celsius = e->celsius, s->slowdown = e->slowdown;
    s->source_open = e->open;
    pthread_mutex_unlock(&e->lock);
}
