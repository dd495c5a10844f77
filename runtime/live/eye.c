/* SPDX-License-Identifier: Apache-2.0 */
#include "live/eye.h"
#include "base/clock.h"
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SLOW_MS: a source that takes longer to open or close is told of, and nobody waits any more. CHANGE_MS: a change that the thread
 * does not take in that time it takes later, as it waits for a picture on a slow disk, say. */
enum { WAIT_MS = 100, BACKOFF_FIRST_MS = 250, BACKOFF_MOST_MS = 30000, SLOW_MS = 2000, CHANGE_MS = 250, LAST_MS = 1000 };
#define HEAT_EVERY_NS INT64_C(2000000000)

/* ---- what the ini says ---- */

/* A large picture takes seconds to decode: a stop does not wait for it. */
static bool stopping(void *user) {
    struct eye *e = user;
    pthread_mutex_lock(&e->lock);
    bool stop = e->stop;
    pthread_mutex_unlock(&e->lock);
    return stop;
}

static void take_settings(struct eye *e, struct eye_settings *s) {
    eye_settings_free(e->now);
    e->now = s;
    snprintf(e->uri, sizeof e->uri, "%s", s->uri);
    e->pace.rate = s->rate, e->pace.hot = s->hot;
    e->look_every_ns = (int64_t)(s->look_every * 1e9);
    e->heat_ns = 0;
}

/* Under the lock. */
static void change(struct eye *e) {
    if (!eye_settings_same_source(e->now, e->next)) {
        e->stale = e->edited = true, e->open = false, e->failures = 0;
        e->width = e->height = 0;
    }
    take_settings(e, e->next);
    e->next = NULL;
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
    double celsius = pace_temperature(e->now->thermal);
    pace_heat(&e->pace, celsius);
    if (isnan(celsius) && e->now->own_thermal && !e->now->told)
        log_warn("thermal = %s: no temperature there: the daemon will not slow down when it is hot", e->now->thermal);
    e->now->told = e->now->told || isnan(celsius);
    pthread_mutex_lock(&e->lock);
    e->celsius = celsius, e->slowdown = e->pace.slowdown;
    pthread_mutex_unlock(&e->lock);
}

/* ---- frames ---- */

/* false: nothing moved, and it was looked at not long ago. */
static bool worth_a_look(struct eye *e, const struct frame *f) {
    double moved = motion_step(&e->motion, f);
    int64_t since = f->captured_ns - e->looked_ns;
    if (e->motion.started && moved < e->now->motion && since < e->look_every_ns) return false;
    motion_keep(&e->motion);
    e->looked_ns = f->captured_ns;
    return true;
}

static void count_frame(struct eye *e, const struct frame *f) {
    meter_count(e->meter, METER_FRAMES, 1);
    if (e->any && f->sequence > e->last_sequence + 1) meter_count(e->meter, METER_DROPPED, f->sequence - e->last_sequence - 1);
    e->last_sequence = f->sequence;
    pthread_mutex_lock(&e->lock);
    e->width = f->width, e->height = f->height;
    pthread_mutex_unlock(&e->lock);
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

static void lose_source(struct eye *e) {
    e->stale = true;
    set_open(e, false);
    unsigned ms = BACKOFF_FIRST_MS << (e->failures < 8 ? e->failures : 8);
    e->failures++;
    e->pace.due_ns = clock_ns(CLOCK_MONOTONIC) + (ms < BACKOFF_MOST_MS ? ms : BACKOFF_MOST_MS) * INT64_C(1000000);
}

static int open_source(struct eye *e) {
    e->any = false;
    e->motion.started = false;
    e->asked_ns = clock_ns(CLOCK_MONOTONIC), e->told = false;
    struct source_options options = e->now->options;
    options.stopping = stopping, options.user = e;
    int status = opener_start(&e->opener, NULL, e->now->uri, &options);
    e->opening = !status;
    return status;
}

static int take_opened(struct eye *e) {
    int status = opener_take(&e->opener, &e->source);
    if (e->opening && !status) set_open(e, true);
    return e->opening ? status : OCELLI_OK;
}

/* Is nothing on its way? A source that does not open is waited for, as it may be the network's; one that does not close is left,
 * as another may be wanted. */
static bool settled(struct eye *e) {
    if (!e->opener) return true;
    int64_t took_ms = (clock_ns(CLOCK_MONOTONIC) - e->asked_ns) / 1000000;
    if (opener_wait(e->opener, took_ms < SLOW_MS || e->opening ? WAIT_MS : 0)) {
        bool opened = e->opening;
        if (take_opened(e)) {
            lose_source(e);
        } else if (opened) {
            log_info("%s: is there", e->now->uri);
            meter_count(e->meter, METER_REOPENED, 1);
        }
        return true;
    }
    if (took_ms < SLOW_MS) return false;
    if (!e->told)
        log_warn("%s: does not %s: %s", e->now->uri, e->opening ? "open" : "close", e->opening ? "waiting for it" : "left");
    e->told = true;
    if (!e->opening) opener_leave(&e->opener);
    return !e->opener;
}

/* Begins to close a source that is not wanted any more, once the device is done with its frames; false: not yet. */
static bool let_go(struct eye *e) {
    if (!e->stale) return true;
    if (e->opener && e->opening) opener_leave(&e->opener);
    if (!brain_drop(e->brain, WAIT_MS)) return false;
    e->asked_ns = clock_ns(CLOCK_MONOTONIC), e->told = false, e->opening = false;
    if (e->source && opener_start(&e->opener, e->source, NULL, NULL)) {
        wait_until(e, clock_in(WAIT_MS));
        return false;
    }
    e->source = NULL;
    e->stale = false;
    return true;
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
    bool over = answer == SOURCE_END || (answer < 0 && is_stream(e->now->uri));
    if (answer == SOURCE_END && !e->any) log_warn("%s: it ended before its first frame", e->now->uri);
    if (over && (e->any || !e->edited))
        end(e, answer == SOURCE_END ? OCELLI_OK : answer);
    else if (over || answer < 0)
        lose_source(e);
}

/* ---- the thread ---- */

/* Takes over a change that was asked for; false: stop. */
static bool goes_on(struct eye *e) {
    pthread_mutex_lock(&e->lock);
    if (e->next) {
        change(e);
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
        if (!let_go(e) || !settled(e) || e->stale) continue;
        if (eye_ended(e, &status)) {
            wait_until(e, INT64_MAX);
        } else if (due(e)) {
            if (!e->source) {
                if (open_source(e)) lose_source(e);
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
    struct eye_settings *settings = eye_settings_make(config);
    if (!settings) return OCELLI_ERR_MEMORY;
    take_settings(e, settings);
    int status = open_source(e);
    if (status || !opener_wait(e->opener, SLOW_MS)) return status; /* it may come yet: settled() */
    status = take_opened(e);
    if (status != OCELLI_ERR_DEVICE) return status;
    lose_source(e);
    return OCELLI_OK;
}

int eye_start(struct eye *e) {
    int failed = thread_start(&e->thread, run, e, false);
    return failed ? log_fail(OCELLI_ERR_MEMORY, "no thread for frames: %s", strerror(failed)) : OCELLI_OK;
}

bool eye_stop(struct eye *e, int timeout_ms) {
    if (!e->thread.running) return true;
    pthread_mutex_lock(&e->lock);
    e->stop = true;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
    return thread_join(&e->thread, clock_in(timeout_ms));
}

bool eye_close(struct eye *e, int timeout_ms) {
    if (!e->brain || !brain_drop(e->brain, 0)) return !e->brain;
    if (e->opener && opener_wait(e->opener, timeout_ms < WAIT_MS ? timeout_ms : WAIT_MS)) take_opened(e);
    opener_leave(&e->opener);
    if (e->source && !opener_start(&e->opener, e->source, NULL, NULL)) {
        e->source = NULL;
        if (opener_wait(e->opener, timeout_ms)) opener_take(&e->opener, &e->source);
        opener_leave(&e->opener);
    }
    return !e->source && !opener_left();
}

void eye_finish(struct eye *e) {
    if (!e->brain) return;
    eye_close(e, LAST_MS);
    eye_settings_free(e->now);
    eye_settings_free(e->next);
    pthread_cond_destroy(&e->changed);
    pthread_mutex_destroy(&e->lock);
    *e = (struct eye){0};
}

void eye_change(struct eye *e, const struct live_config *config) {
    struct eye_settings *next = e->thread.running ? eye_settings_make(config) : NULL;
    struct timespec at = clock_at(clock_in(CHANGE_MS));
    if (!next) return;
    pthread_mutex_lock(&e->lock);
    struct eye_settings *older = e->next;
    e->next = next;
    pthread_cond_broadcast(&e->changed);
    for (int late = 0; e->next == next && !late;) late = pthread_cond_timedwait(&e->changed, &e->lock, &at);
    pthread_mutex_unlock(&e->lock);
    eye_settings_free(older);
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
    memcpy(s->source, e->uri, sizeof s->source);
    s->width = e->width, s->height = e->height;
    pthread_mutex_unlock(&e->lock);
}
