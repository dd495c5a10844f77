/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/inference.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/text_request.h"
#include "daemon/inference_device.h"
#include "daemon/signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- opening ---- */

static int make_set(struct inference *b, struct vectors *v, struct tagger_set *set) {
    int status = vectors_set(v, set);
    set->logit_scale = b->logit_scale, set->model = b->name, set->model_key = b->key;
    return status;
}

/* The tagger has changed. Under the lock. */
static void tell(struct inference *b) {
    b->changes++;
    pthread_mutex_lock(&b->told_lock);
    b->told = (struct inference_told){b->any, b->sequence, b->version, b->captured_ns};
    pthread_mutex_unlock(&b->told_lock);
}

int inference_prepare(struct inference *inference, struct vectors **vectors) {
    struct tagger_set set;
    bool done = false;
    inference->now = *vectors, *vectors = NULL;
    int status = signals_asked()
                     ? OCELLI_OK
                     : inference_check(inference); /* first: it may move the device to another kind of product */
    if (!status) status = vectors_begin(inference->now, NULL, inference->size);
    if (!status) vectors_recall(inference->now, inference->key);
    while (!status && !done && !signals_asked()) status = model_vectors_step(inference->now, inference->model, &done);
    if (!status && done && inference->moderation) status = moderation_prepare(inference->moderation, inference->model);
    ocelli_unload_text(inference->model);
    if (status || !done)
        return status ? status
                      : tagger_create(&inference->tagger,
                                      &(struct tagger_set){.size = inference->size, .model = inference->name});
    vectors_remember(inference->now, inference->key);
    status = make_set(inference, inference->now, &set);
    if (!status) status = tagger_create(&inference->tagger, &set);
    inference->version = status ? 0 : set.version;
    tell(inference);
    inference->prepared = status == OCELLI_OK;
    return status;
}

void inference_finish(struct inference *inference) {
    ocelli_close(&inference->model);
    vectors_destroy(&inference->job);
    vectors_destroy(&inference->now);
    vectors_destroy(&inference->incoming);
    tagger_destroy(&inference->tagger);
    drift_destroy(&inference->drift);
    free(inference->embedding);
    pthread_cond_destroy(&inference->changed);
    pthread_mutex_destroy(&inference->lock);
    pthread_mutex_destroy(&inference->told_lock);
    *inference = (struct inference){0};
}

static void wait_ms(struct inference *b, int ms) {
    int64_t until = clock_ns(CLOCK_MONOTONIC) + ms * INT64_C(1000000);
    struct timespec at = clock_at(until);
    pthread_cond_timedwait(&b->changed, &b->lock, &at);
}

static bool stopping(struct inference *b) {
    pthread_mutex_lock(&b->lock);
    bool stop = b->stop;
    pthread_mutex_unlock(&b->lock);
    return stop;
}

/* ---- pictures ---- */

static int embed(struct inference *inference, const struct frame *shown) {
    struct ocelli_dma_buf dma_bufs[3];
    struct ocelli_frame frame = {.format = (enum ocelli_format)shown->format,
                                 .width = shown->width,
                                 .height = shown->height,
                                 .rotation = shown->rotation,
                                 .bt709 = shown->matrix == FRAME_BT709,
                                 .full_range = shown->full_range,
                                 .dma_bufs = dma_bufs};
    for (int i = 0; i < 3; i++) {
        frame.planes[i] = shown->planes[i].data, frame.strides[i] = shown->planes[i].stride;
        dma_bufs[i] = (struct ocelli_dma_buf){shown->planes[i].fd, shown->planes[i].offset};
    }
    int status = OCELLI_ERR_LOST;
    while (!stopping(inference)) {
        status = ocelli_embed_frame(inference->model, &frame, inference->embedding);
        if (!inference_may_reopen(status)) break;
        inference_reopen(inference);
    }
    if (!status) inference->failures = 0;
    return status;
}

/* verdict: of the frame; NULL: none. */
static void publish(struct inference *b, const struct tagger_event *events, size_t count, const char *verdict,
                    const struct frame *frame, int64_t gpu_ns) {
    struct daemon_event e;
    for (size_t i = 0; i < count; i++) {
        struct tagger_event event = events[i];
        event.verdict = verdict;
        event_make(&e, &event, frame, gpu_ns);
        event_put(b->events, &e);
    }
}

/* Once a week at most for a tag. */
static void tell_drift(const struct drift_status *s, size_t drifted) {
    if (drifted)
        log_warn("%zu tag%s drifted: this week's margins are others than those of the first week, most of all those of "
                 "\"%s\" (index %.2f, told from %.2f): look at the picture, and whether the thresholds still fit",
                 drifted, drifted == 1 ? " has" : "s have", s->tag, s->largest, DRIFT_FROM);
}

/* What the policies say of the embedding. Nothing of the picture is shown or kept before. */
static enum policy_outcome moderate(struct inference *b, struct inference_picture *p, int64_t gpu_ns) {
    const struct moderation_change *changes;
    struct daemon_moderation told;
    size_t count;
    enum policy_outcome outcome =
        moderation_step(b->moderation, b->embedding, frame_time_ns(&p->frame) / 1000000, &changes, &count);
    moderation_get_status(b->moderation, &told);
    pthread_mutex_lock(&b->lock);
    p->outcome = outcome, b->moderated = told;
    pthread_mutex_unlock(&b->lock);
    for (size_t i = 0; i < count; i++) {
        struct tagger_event event = {.version = b->version, .model = b->name, .sequence = p->frame.sequence};
        moderation_event(&changes[i], &event);
        publish(b, &event, 1, policy_outcome_name(outcome), &p->frame, gpu_ns);
    }
    return outcome;
}

static void judge(struct inference *inference, struct inference_picture *picture) {
    const struct tagger_event *events;
    const char *verdict = NULL;
    struct ocelli_info info;
    int64_t began = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    if (embed(inference, &picture->frame)) return;
    int64_t gpu_ns = clock_ns(CLOCK_MONOTONIC) - began;
    struct tagger_frame frame = {inference->embedding, frame_time_ns(&picture->frame) / 1000000,
                                 picture->frame.sequence, picture->luma};
    ocelli_get_info(inference->model, &info);
    if (inference->moderation) verdict = policy_outcome_name(moderate(inference, picture, gpu_ns));
    struct history_thumbnail thumbnail = {0};
    if (!picture->frame.recording.on && picture->outcome != POLICY_DROPPED)
        history_sampler_draw(&inference->sampler, &picture->frame, picture->outcome == POLICY_BLURRED, &thumbnail);
    pthread_mutex_lock(&inference->lock);
    picture->judged = true;
    size_t count = tagger_step(inference->tagger, &frame, &events);
    struct drift_status drift = {.drifted = 0};
    size_t drifted = 0;
    if (!picture->frame.recording.on && inference->drift) {
        drifted = drift_step(inference->drift, inference->tagger, frame.time_ms);
        if (drifted) drift_get(inference->drift, inference->tagger, &drift);
    }
    if (!picture->frame.recording.on && picture->outcome != POLICY_DROPPED)
        history_sampler_add(&inference->sampler, inference->tagger, inference->embedding, picture->frame.captured_ns,
                            &thumbnail);
    inference->usual_ns = inference->usual_ns ? (7 * inference->usual_ns + gpu_ns) / 8 : gpu_ns;
    inference->gpu_bytes = info.gpu_bytes, inference->dma_bufs = info.dma_bufs;
    inference->any = true, inference->sequence = picture->frame.sequence,
    inference->captured_ns = picture->frame.captured_ns;
    tell(inference);
    pthread_mutex_unlock(&inference->lock);
    free(thumbnail.jpeg);
    tell_drift(&drift, drifted);
    publish(inference, events, count, verdict, &picture->frame,
            gpu_ns); /* only this thread changes the tagger, and so the events */
    meter_count(inference->meter, METER_PICTURES, 1);
    meter_time(inference->meter, METER_CPU, picture->cpu_ns + clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu);
    meter_time(inference->meter, METER_GPU, gpu_ns);
    meter_time(inference->meter, METER_BEYOND, clock_ns(CLOCK_MONOTONIC) - picture->frame.captured_ns - gpu_ns);
}

/* ---- prompts ---- */

static void drop_job(struct inference *b) {
    vectors_destroy(&b->job);
    meter_count(b->meter, METER_REFUSED, 1);
}

/* With many tags this takes long. That part runs outside the lock, which status requests need. */
static int replace(struct inference *inference) {
    const struct tagger_event *events;
    struct tagger_set set;
    struct tagger *next = NULL;
    size_t count = 0;
    int status = make_set(inference, inference->job, &set);
    if (!status) status = tagger_create(&next, &set);
    if (status) return status;
    pthread_mutex_lock(&inference->lock);
    status = tagger_swap(inference->tagger, next, &events, &count);
    if (!status) inference->version = set.version, tell(inference);
    pthread_mutex_unlock(&inference->lock);
    publish(inference, events, count, NULL, &(struct frame){.captured_ns = clock_ns(CLOCK_MONOTONIC)}, 0);
    tagger_destroy(&next);
    if (status) return status;
    vectors_destroy(&inference->now);
    inference->now = inference->job, inference->job = NULL;
    meter_count(inference->meter, METER_EDITS, 1);
    return OCELLI_OK;
}

/* A piece of the set on its way: so few prompts that no frame waits for long. */
static void advance(struct inference *b) {
    bool done = false;
    int status = model_vectors_step(b->job, b->model, &done);
    if (inference_may_reopen(status)) {
        inference_reopen(b);
        return;
    }
    if (!status && done) status = replace(b);
    if (status) drop_job(b);
    if (!b->job) ocelli_unload_text(b->model); /* prompts change seldom, pictures come all the time */
}

/* The newest set counts; one that was on its way goes. */
static void adopt(struct inference *b, struct vectors *v) {
    if (!v) return;
    vectors_destroy(&b->job);
    b->job = v;
    if (vectors_begin(b->job, b->now, b->size)) drop_job(b);
}

/* ---- the thread ---- */

static struct inference_picture *oldest_waiting(struct inference *b) {
    struct inference_picture *oldest = NULL;
    for (int i = 0; i < INFERENCE_PICTURES; i++) {
        struct inference_picture *p = &b->pictures[i];
        if (p->state == INFERENCE_WAITING && (!oldest || p->frame.captured_ns < oldest->frame.captured_ns)) oldest = p;
    }
    return oldest;
}

/* Gives back all pictures of this state. Under the lock, which it leaves meanwhile: a source may wait for its own
 * thread. */
static void release(struct inference *b, int state) {
    for (int i = 0; i < INFERENCE_PICTURES; i++) {
        struct inference_picture *p = &b->pictures[i];
        if ((int)p->state != state) continue;
        p->state = INFERENCE_LEAVING;
        pthread_mutex_unlock(&b->lock);
        source_release(p->source, &p->frame);
        pthread_mutex_lock(&b->lock);
        p->state = INFERENCE_FREE;
        pthread_cond_broadcast(&b->changed);
    }
}

/* In the place of the one that was kept. */
static void keep_newest(struct inference *b, struct inference_picture *p) {
    pthread_mutex_lock(&b->lock);
    release(b, INFERENCE_KEPT);
    p->state = INFERENCE_KEPT;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

static void turn(struct inference *b, struct inference_picture *p, struct vectors *incoming) {
    if (p) p->state = INFERENCE_BUSY;
    b->busy_since = clock_ns(CLOCK_MONOTONIC);
    b->incoming = NULL;
    pthread_mutex_unlock(&b->lock);
    adopt(b, incoming);
    if (p) judge(b, p);
    if (p) keep_newest(b, p);
    if (b->job) advance(b);
    pthread_mutex_lock(&b->lock);
    b->busy_since = 0;
    b->embedding_prompts = b->job || b->incoming;
    pthread_cond_broadcast(&b->changed);
}

/* Answers a request for a text's vector. If the device is lost, the request waits for it, as the next picture does. */
static void answer(struct inference *b) {
    if (!inference_may_reopen(text_request_answer(b))) return;
    pthread_mutex_unlock(&b->lock);
    inference_reopen(b);
    pthread_mutex_lock(&b->lock);
    b->busy_since = 0;
}

static void *run(void *user) {
    struct inference *b = user;
    pthread_mutex_lock(&b->lock);
    while (!b->stop) {
        if (b->text_request) answer(b);
        struct inference_picture *p = oldest_waiting(b);
        if (p || b->job || b->incoming)
            turn(b, p, b->incoming);
        else if (!b->text_request && !b->stop)
            pthread_cond_wait(&b->changed, &b->lock);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

int inference_start(struct inference *inference) {
    int failed = thread_start(&inference->thread, run, inference, false);
    return failed ? log_fail(OCELLI_ERR_MEMORY, "no thread for the model: %s", strerror(failed)) : OCELLI_OK;
}

bool inference_stop(struct inference *inference, int timeout_ms) {
    if (!inference->thread.running) return true;
    pthread_mutex_lock(&inference->lock);
    inference->stop = true;
    pthread_cond_broadcast(&inference->changed);
    pthread_mutex_unlock(&inference->lock);
    return thread_join(&inference->thread, clock_in(timeout_ms));
}

/* ---- for others ---- */

struct inference_picture *inference_slot(struct inference *inference, int timeout_ms) {
    struct inference_picture *slot = NULL;
    pthread_mutex_lock(&inference->lock);
    for (int tries = 0; !slot && tries < 2; tries++) {
        for (int i = 0; !slot && i < INFERENCE_PICTURES; i++)
            if (inference->pictures[i].state == INFERENCE_FREE) slot = &inference->pictures[i];
        if (!slot && !tries) wait_ms(inference, timeout_ms);
    }
    if (slot) slot->state = INFERENCE_TAKEN;
    pthread_mutex_unlock(&inference->lock);
    return slot;
}

static void set_state(struct inference *b, struct inference_picture *p, int state) {
    pthread_mutex_lock(&b->lock);
    p->state = state;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

void inference_put(struct inference *inference, struct inference_picture *picture) {
    picture->judged = false, picture->outcome = POLICY_CLEAN; /* still the caller's */
    set_state(inference, picture, INFERENCE_WAITING);
}

void inference_leave(struct inference *inference, struct inference_picture *picture) {
    set_state(inference, picture, INFERENCE_FREE);
}

bool inference_drop(struct inference *inference, int timeout_ms) {
    int64_t until = clock_ns(CLOCK_MONOTONIC) + timeout_ms * INT64_C(1000000);
    bool held = true;
    pthread_mutex_lock(&inference->lock);
    for (bool late = false; held && !late; late = clock_ns(CLOCK_MONOTONIC) >= until) {
        release(inference, INFERENCE_WAITING);
        release(inference, INFERENCE_KEPT);
        held = false;
        for (int i = 0; i < INFERENCE_PICTURES; i++) held = held || inference->pictures[i].state != INFERENCE_FREE;
        if (held && timeout_ms) wait_ms(inference, timeout_ms);
    }
    pthread_mutex_unlock(&inference->lock);
    return !held;
}

int64_t inference_free_at(struct inference *inference) {
    pthread_mutex_lock(&inference->lock);
    int waiting = 0;
    for (int i = 0; i < INFERENCE_PICTURES; i++) waiting += inference->pictures[i].state == INFERENCE_WAITING;
    int64_t at = inference->busy_since ? inference->busy_since + (1 + waiting) * inference->usual_ns : 0;
    pthread_mutex_unlock(&inference->lock);
    return at;
}

int64_t inference_usual_ns(struct inference *inference) {
    pthread_mutex_lock(&inference->lock);
    int64_t usual = inference->usual_ns;
    pthread_mutex_unlock(&inference->lock);
    return usual;
}

bool inference_idle(struct inference *inference) {
    pthread_mutex_lock(&inference->lock);
    bool idle =
        !inference->busy_since && !inference->incoming && !inference->embedding_prompts && !oldest_waiting(inference);
    pthread_mutex_unlock(&inference->lock);
    return idle;
}

int64_t inference_busy_ns(struct inference *inference) {
    pthread_mutex_lock(&inference->lock);
    int64_t busy = inference->busy_since ? clock_ns(CLOCK_MONOTONIC) - inference->busy_since : 0;
    pthread_mutex_unlock(&inference->lock);
    return busy;
}

void inference_tags(struct inference *inference, struct vectors **vectors) {
    pthread_mutex_lock(&inference->lock);
    struct vectors *unwanted = inference->incoming;
    inference->incoming = *vectors, *vectors = NULL;
    inference->embedding_prompts = true;
    pthread_cond_broadcast(&inference->changed);
    pthread_mutex_unlock(&inference->lock);
    vectors_destroy(&unwanted);
}

void inference_refresh(struct inference *inference) {
    pthread_mutex_lock(&inference->lock);
    if (inference->tagger) tagger_refresh(inference->tagger);
    pthread_mutex_unlock(&inference->lock);
}

int inference_save(struct inference *inference, uint8_t **bytes, size_t *size) {
    struct tagger_learnt *learnt;
    pthread_mutex_lock(&inference->lock);
    int status = tagger_save_copy(inference->tagger, &learnt);
    pthread_mutex_unlock(&inference->lock);
    return status ? status : tagger_save_bytes(&learnt, bytes, size);
}

int inference_save_drift(struct inference *inference, uint8_t **bytes, size_t *size) {
    *bytes = NULL;
    pthread_mutex_lock(&inference->lock);
    int status =
        inference->drift && !drift_is_empty(inference->drift) ? drift_save(inference->drift, bytes, size) : OCELLI_OK;
    pthread_mutex_unlock(&inference->lock);
    if (*bytes) drift_seal(*bytes, *size);
    return status;
}

bool inference_is_night(struct inference *inference) {
    pthread_mutex_lock(&inference->lock);
    bool night = tagger_is_night(inference->tagger);
    pthread_mutex_unlock(&inference->lock);
    return night;
}
