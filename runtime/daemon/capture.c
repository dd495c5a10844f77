/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/capture.h"
#include "base/clock.h"
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* SLOW_MS: if a source takes longer to open or close, the log says so, and nobody waits any more. CHANGE_MS: a change
 * waits so long for the thread. If the thread is busy, with a picture on a slow disk for example, it takes the change
 * later. */
enum {
    WAIT_MS = 100,
    BACKOFF_FIRST_MS = 250,
    BACKOFF_MOST_MS = 30000,
    SLOW_MS = 2000,
    CHANGE_MS = 250,
    LAST_MS = 1000
};
#define HEAT_EVERY_NS INT64_C(2000000000)

/* ---- what the ini says ---- */

/* A large picture takes seconds to decode: a stop does not wait for it. */
static bool stopping(void *user) {
    struct capture *e = user;
    pthread_mutex_lock(&e->lock);
    bool stop = e->stop;
    pthread_mutex_unlock(&e->lock);
    return stop;
}

static void take_settings(struct capture *e, struct capture_settings *s) {
    capture_settings_free(e->now);
    e->now = s;
    snprintf(e->uri, sizeof e->uri, "%s", s->uri);
    e->recorded.rate = s->rate;
    e->pace.rate = s->options.recording ? 0 : s->rate; /* a recording is played as fast as it can be */
    e->pace.hot = s->hot;
    e->look_every_ns = (int64_t)(s->look_every * 1e9);
    e->heat_ns = 0;
}

/* Under the lock. */
static void change(struct capture *e) {
    if (!capture_settings_same_source(e->now, e->next)) {
        e->stale = e->edited = true, e->open = false, e->failures = 0;
        e->width = e->height = 0;
    }
    take_settings(e, e->next);
    e->next = NULL;
}

/* ---- waiting ---- */

/* Until then, or a change, or for WAIT_MS. */
static void wait_until(struct capture *e, int64_t until) {
    int64_t most = clock_ns(CLOCK_MONOTONIC) + WAIT_MS * INT64_C(1000000);
    if (until > most) until = most;
    struct timespec at = clock_at(until);
    pthread_mutex_lock(&e->lock);
    if (!e->stop && !e->next) pthread_cond_timedwait(&e->changed, &e->lock, &at);
    pthread_mutex_unlock(&e->lock);
}

/* true: a frame may be taken. Sooner than the inference thread can use it, it would only get old. */
static bool due(struct capture *e) {
    int64_t now = clock_ns(CLOCK_MONOTONIC), at = inference_free_at(e->inference) - e->usual_ns;
    if (at < e->pace.due_ns) at = e->pace.due_ns;
    if (at > now) wait_until(e, at);
    return clock_ns(CLOCK_MONOTONIC) >= at;
}

static bool is_paused(struct capture *e) {
    pthread_mutex_lock(&e->lock);
    bool paused = e->paused;
    pthread_mutex_unlock(&e->lock);
    return paused;
}

static void take_heat(struct capture *e) {
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
static bool worth_judging(struct capture *e, const struct frame *f) {
    double moved = motion_step(&e->motion, f);
    int64_t since = frame_time_ns(f) - e->judged_ns;
    if (e->motion.started && moved < e->now->motion && since < e->look_every_ns) return false;
    motion_keep(&e->motion);
    e->judged_ns = frame_time_ns(f);
    return true;
}

static void count_frame(struct capture *e, const struct frame *f) {
    meter_count(e->meter, METER_FRAMES, 1);
    if (e->any && f->sequence > e->last_sequence + 1)
        meter_count(e->meter, METER_DROPPED, f->sequence - e->last_sequence - 1);
    e->last_sequence = f->sequence;
    pthread_mutex_lock(&e->lock);
    e->width = f->width, e->height = f->height;
    pthread_mutex_unlock(&e->lock);
    e->any = true;
    e->failures = 0;
}

/* `rate` counts in the recording's own time: what a daemon that watched then would not have taken is passed over. */
static bool passed_over(struct capture *e, const struct frame *f) {
    if (!f->recording.on) return false;
    if (frame_time_ns(f) < e->recorded.due_ns) return true;
    pace_step(&e->recorded, frame_time_ns(f), 0);
    return false;
}

static void leave_frame(struct capture *e, struct frame *f, struct inference_picture *p, enum meter_count counted) {
    meter_count(e->meter, counted, 1);
    source_release(e->source, f);
    inference_leave(e->inference, p);
}

/* The frame is held until the device has read it where it lies. */
static void take_frame(struct capture *capture, struct frame *frame, struct inference_picture *picture) {
    int64_t began = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    count_frame(capture, frame);
    if (passed_over(capture, frame)) {
        leave_frame(capture, frame, picture, METER_DROPPED);
        return;
    }
    if (!worth_judging(capture, frame)) {
        leave_frame(capture, frame, picture, METER_STILL);
        return;
    }
    int64_t took = clock_ns(CLOCK_MONOTONIC) - began;
    capture->usual_ns = capture->usual_ns ? (7 * capture->usual_ns + took) / 8 : took;
    picture->source = capture->source, picture->frame = *frame, picture->luma = capture->motion.luma;
    picture->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    inference_put(capture->inference, picture);
}

/* ---- the source ---- */

/* A stream that failed cannot be had again: what follows on it is out of step, or another run of the same file. */
static bool is_stream(const char *uri) {
    return !strncmp(uri, "y4m:", 4) || !strncmp(uri, "raw:", 4);
}

static void end(struct capture *e, int status) {
    pthread_mutex_lock(&e->lock);
    e->ended = true, e->status = status;
    pthread_mutex_unlock(&e->lock);
}

/* fault: why it is not open, "" where that is not known. */
static void set_open(struct capture *e, bool open, const char *fault) {
    pthread_mutex_lock(&e->lock);
    e->open = open;
    snprintf(e->fault, sizeof e->fault, "%s", fault);
    pthread_mutex_unlock(&e->lock);
}

static void lose_source(struct capture *e) {
    e->stale = true;
    set_open(e, false, "");
    unsigned ms = BACKOFF_FIRST_MS << (e->failures < 8 ? e->failures : 8);
    e->failures++;
    e->pace.due_ns = clock_ns(CLOCK_MONOTONIC) + (ms < BACKOFF_MOST_MS ? ms : BACKOFF_MOST_MS) * INT64_C(1000000);
}

static int open_source(struct capture *e) {
    e->any = false;
    e->motion.started = false;
    e->recorded.due_ns = 0;
    e->asked_ns = clock_ns(CLOCK_MONOTONIC), e->told = false;
    struct source_options options = e->now->options;
    options.stopping = stopping, options.user = e;
    int status = opener_start(&e->opener, NULL, e->now->uri, &options);
    e->opening = !status;
    return status;
}

static int take_opened(struct capture *e) {
    int status = opener_take(&e->opener, &e->source);
    if (e->opening && !status) set_open(e, true, "");
    return e->opening ? status : OCELLI_OK;
}

/* Is nothing on its way? A source that does not open is waited for, as it may be the network's; one that does not close
 * is left, as another may be wanted. */
static bool settled(struct capture *capture) {
    if (!capture->opener) return true;
    int64_t took_ms = (clock_ns(CLOCK_MONOTONIC) - capture->asked_ns) / 1000000;
    if (opener_wait(capture->opener, took_ms < SLOW_MS || capture->opening ? WAIT_MS : 0)) {
        bool opened = capture->opening;
        if (take_opened(capture)) {
            lose_source(capture);
        } else if (opened) {
            log_info("%s: is there", capture->now->uri);
            meter_count(capture->meter, METER_REOPENED, 1);
        }
        return true;
    }
    if (took_ms < SLOW_MS) return false;
    if (!capture->told)
        log_warn("%s: does not %s: %s", capture->now->uri, capture->opening ? "open" : "close",
                 capture->opening ? "waiting for it" : "left");
    capture->told = true;
    if (!capture->opening) opener_leave(&capture->opener);
    return !capture->opener;
}

/* Begins to close a source that is not wanted any more, once the device is done with its frames; false: not yet. */
static bool let_go(struct capture *e) {
    if (!e->stale) return true;
    if (e->opener && e->opening) opener_leave(&e->opener);
    if (!inference_drop(e->inference, WAIT_MS)) return false;
    e->asked_ns = clock_ns(CLOCK_MONOTONIC), e->told = false, e->opening = false;
    if (e->source && opener_start(&e->opener, e->source, NULL, NULL)) {
        wait_until(e, clock_in(WAIT_MS));
        return false;
    }
    e->source = NULL;
    e->stale = false;
    return true;
}

static void look_whether_open(struct capture *e, bool frame) {
    char fault[SOURCE_FAULT] = "";
    bool open = frame || !source_away(e->source);
    if (!open) source_fault(e->source, fault);
    set_open(e, open, fault);
}

static void take_next(struct capture *capture, struct inference_picture *picture) {
    struct frame frame;
    int answer = source_next(capture->source, WAIT_MS, &frame);
    if (answer == SOURCE_FRAME || answer == SOURCE_WAIT) look_whether_open(capture, answer == SOURCE_FRAME);
    if (answer == SOURCE_FRAME) {
        pace_step(&capture->pace, clock_ns(CLOCK_MONOTONIC),
                  capture->usual_ns + inference_usual_ns(capture->inference));
        take_frame(capture, &frame, picture);
        return;
    }
    inference_leave(capture->inference, picture);
    bool over = answer == SOURCE_END || (answer < 0 && is_stream(capture->now->uri));
    if (answer == SOURCE_END && !capture->any) log_warn("%s: it ended before its first frame", capture->now->uri);
    if (over && (capture->any || !capture->edited))
        end(capture, answer == SOURCE_END ? OCELLI_OK : answer);
    else if (over || answer < 0)
        lose_source(capture);
}

/* ---- the thread ---- */

/* Takes over a change that was asked for; false: stop. */
static bool goes_on(struct capture *e) {
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
    struct capture *e = user;
    int status;
    while (goes_on(e)) {
        take_heat(e);
        if (!let_go(e) || !settled(e) || e->stale) continue;
        if (capture_ended(e, &status) || is_paused(e)) {
            wait_until(e, INT64_MAX);
        } else if (due(e)) {
            if (!e->source) {
                if (open_source(e)) lose_source(e);
                continue;
            }
            struct inference_picture *p = inference_slot(e->inference, WAIT_MS);
            if (p) take_next(e, p);
        }
    }
    return NULL;
}

int capture_open(struct capture *capture, const struct daemon_config *config, struct inference *inference,
                 struct meter *meter) {
    *capture = (struct capture){.inference = inference, .meter = meter, .celsius = NAN};
    pthread_mutex_init(&capture->lock, NULL);
    clock_condition(&capture->changed);
    struct capture_settings *settings = capture_settings_make(config);
    if (!settings) return OCELLI_ERR_MEMORY;
    take_settings(capture, settings);
    int status = open_source(capture);
    if (status || !opener_wait(capture->opener, SLOW_MS)) return status; /* it may come yet: settled() */
    status = take_opened(capture);
    if (status != OCELLI_ERR_DEVICE) return status;
    lose_source(capture);
    return OCELLI_OK;
}

int capture_start(struct capture *capture) {
    int failed = thread_start(&capture->thread, run, capture, false);
    return failed ? log_fail(OCELLI_ERR_MEMORY, "no thread for frames: %s", strerror(failed)) : OCELLI_OK;
}

bool capture_stop(struct capture *capture, int timeout_ms) {
    if (!capture->thread.running) return true;
    pthread_mutex_lock(&capture->lock);
    capture->stop = true;
    pthread_cond_broadcast(&capture->changed);
    pthread_mutex_unlock(&capture->lock);
    return thread_join(&capture->thread, clock_in(timeout_ms));
}

bool capture_close(struct capture *capture, int timeout_ms) {
    if (!capture->inference || !inference_drop(capture->inference, 0)) return !capture->inference;
    if (capture->opener && opener_wait(capture->opener, timeout_ms < WAIT_MS ? timeout_ms : WAIT_MS))
        take_opened(capture);
    opener_leave(&capture->opener);
    if (capture->source && !opener_start(&capture->opener, capture->source, NULL, NULL)) {
        capture->source = NULL;
        if (opener_wait(capture->opener, timeout_ms)) opener_take(&capture->opener, &capture->source);
        opener_leave(&capture->opener);
    }
    return !capture->source && !opener_left();
}

void capture_finish(struct capture *capture) {
    if (!capture->inference) return;
    capture_close(capture, LAST_MS);
    capture_settings_free(capture->now);
    capture_settings_free(capture->next);
    pthread_cond_destroy(&capture->changed);
    pthread_mutex_destroy(&capture->lock);
    *capture = (struct capture){0};
}

void capture_change(struct capture *capture, const struct daemon_config *config) {
    struct capture_settings *next = capture->thread.running ? capture_settings_make(config) : NULL;
    struct timespec at = clock_at(clock_in(CHANGE_MS));
    if (!next) return;
    pthread_mutex_lock(&capture->lock);
    struct capture_settings *older = capture->next;
    capture->next = next;
    pthread_cond_broadcast(&capture->changed);
    for (int late = 0; capture->next == next && !late;)
        late = pthread_cond_timedwait(&capture->changed, &capture->lock, &at);
    pthread_mutex_unlock(&capture->lock);
    capture_settings_free(older);
}

void capture_pause(struct capture *capture, bool paused) {
    pthread_mutex_lock(&capture->lock);
    capture->paused = paused;
    pthread_cond_broadcast(&capture->changed);
    pthread_mutex_unlock(&capture->lock);
}

bool capture_ended(struct capture *capture, int *status) {
    pthread_mutex_lock(&capture->lock);
    bool ended = capture->ended;
    *status = capture->status;
    pthread_mutex_unlock(&capture->lock);
    return ended;
}

void capture_status(struct capture *capture, struct daemon_status *status) {
    pthread_mutex_lock(&capture->lock);
    status->celsius = capture->celsius, status->slowdown = capture->slowdown;
    status->source_open = capture->open, status->paused = capture->paused;
    memcpy(status->source, capture->uri, sizeof status->source);
    memcpy(status->source_fault, capture->fault, sizeof status->source_fault);
    status->width = capture->width, status->height = capture->height;
    pthread_mutex_unlock(&capture->lock);
}
