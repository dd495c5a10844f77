/* SPDX-License-Identifier: Apache-2.0 */
#include "live/brain.h"
#include "base/clock.h"
#include "base/log.h"
#include "live/ask.h"
#include "live/brain_device.h"
#include "live/signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- opening ---- */

static int make_set(struct brain *b, struct vectors *v, struct tagger_set *set) {
    int status = vectors_set(v, set);
    set->logit_scale = b->logit_scale, set->model = b->name, set->model_key = b->key;
    return status;
}

/* The tagger has changed. Under the lock. */
static void tell(struct brain *b) {
    b->changes++;
    pthread_mutex_lock(&b->told_lock);
    b->told = (struct brain_told){b->any, b->sequence, b->version, b->captured_ns};
    pthread_mutex_unlock(&b->told_lock);
}

int brain_prepare(struct brain *b, struct vectors **v) {
    struct tagger_set set;
    bool done = false;
    b->now = *v, *v = NULL;
    int status = signals_asked() ? OCELLI_OK : brain_check(b); /* first: it may move the device to another kind of product */
    if (!status) status = vectors_begin(b->now, NULL, b->size);
    while (!status && !done && !signals_asked()) status = vectors_step(b->now, b->model, &done);
    ocelli_unload_text(b->model);
    if (status || !done)
        return status ? status : tagger_create(&b->tagger, &(struct tagger_set){.size = b->size, .model = b->name});
    status = make_set(b, b->now, &set);
    if (!status) status = tagger_create(&b->tagger, &set);
    b->version = status ? 0 : set.version;
    tell(b);
    b->prepared = status == OCELLI_OK;
    return status;
}

void brain_finish(struct brain *b) {
    ocelli_close(&b->model);
    vectors_destroy(&b->job);
    vectors_destroy(&b->now);
    vectors_destroy(&b->incoming);
    tagger_destroy(&b->tagger);
    free(b->embedding);
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
    pthread_mutex_destroy(&b->told_lock);
    *b = (struct brain){0};
}

static void wait_ms(struct brain *b, int ms) {
    int64_t until = clock_ns(CLOCK_MONOTONIC) + ms * INT64_C(1000000);
    struct timespec at = clock_at(until);
    pthread_cond_timedwait(&b->changed, &b->lock, &at);
}

static bool stopping(struct brain *b) {
    pthread_mutex_lock(&b->lock);
    bool stop = b->stop;
    pthread_mutex_unlock(&b->lock);
    return stop;
}

/* ---- pictures ---- */

static int embed(struct brain *b, const struct frame *f) {
    struct ocelli_dma_buf dma_bufs[3];
    struct ocelli_frame frame = {.format = (enum ocelli_format)f->format,
                                 .width = f->width,
                                 .height = f->height,
                                 .rotation = f->rotation,
                                 .bt709 = f->matrix == FRAME_BT709,
                                 .full_range = f->full_range,
                                 .dma_bufs = dma_bufs};
    for (int i = 0; i < 3; i++) {
        frame.planes[i] = f->planes[i].data, frame.strides[i] = f->planes[i].stride;
        dma_bufs[i] = (struct ocelli_dma_buf){f->planes[i].fd, f->planes[i].offset};
    }
    int status = OCELLI_ERR_LOST;
    while (!stopping(b)) {
        status = ocelli_embed_frame(b->model, &frame, b->embedding);
        if (!brain_may_reopen(status)) break;
        brain_reopen(b);
    }
    if (!status) b->failures = 0;
    return status;
}

static void publish(struct brain *b, const struct tagger_event *events, size_t count, int64_t captured_ns, int64_t gpu_ns) {
    struct live_event e;
    for (size_t i = 0; i < count; i++) {
        event_make(&e, &events[i], captured_ns, gpu_ns);
        event_put(b->events, &e);
    }
}

static void look(struct brain *b, const struct brain_picture *p) {
    const struct tagger_event *events;
    struct ocelli_info info;
    int64_t began = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    if (embed(b, &p->frame)) return;
    int64_t gpu_ns = clock_ns(CLOCK_MONOTONIC) - began;
    struct tagger_frame frame = {b->embedding, p->frame.captured_ns / 1000000, p->frame.sequence, p->luma};
    ocelli_get_info(b->model, &info);
    pthread_mutex_lock(&b->lock);
    size_t count = tagger_step(b->tagger, &frame, &events);
    keep_picture(&b->keep, b->tagger, b->embedding, p->frame.captured_ns);
    b->usual_ns = b->usual_ns ? (7 * b->usual_ns + gpu_ns) / 8 : gpu_ns;
    b->gpu_bytes = info.gpu_bytes, b->dma_bufs = info.dma_bufs;
    b->any = true, b->sequence = p->frame.sequence, b->captured_ns = p->frame.captured_ns;
    tell(b);
    pthread_mutex_unlock(&b->lock);
    publish(b, events, count, p->frame.captured_ns, gpu_ns); /* only this thread changes the tagger, and so the events */
    meter_count(b->meter, METER_PICTURES, 1);
    meter_time(b->meter, METER_CPU, p->cpu_ns + clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu);
    meter_time(b->meter, METER_GPU, gpu_ns);
    meter_time(b->meter, METER_BEYOND, clock_ns(CLOCK_MONOTONIC) - p->frame.captured_ns - gpu_ns);
}

/* ---- prompts ---- */

static void drop_job(struct brain *b) {
    vectors_destroy(&b->job);
    meter_count(b->meter, METER_REFUSED, 1);
}

/* What takes long for many tags is done outside the lock, under which others want to know how things are. */
static int replace(struct brain *b) {
    const struct tagger_event *events;
    struct tagger_set set;
    struct tagger *next = NULL;
    size_t count = 0;
    int status = make_set(b, b->job, &set);
    if (!status) status = tagger_create(&next, &set);
    if (status) return status;
    pthread_mutex_lock(&b->lock);
    status = tagger_swap(b->tagger, next, &events, &count);
    if (!status) b->version = set.version, tell(b);
    pthread_mutex_unlock(&b->lock);
    publish(b, events, count, clock_ns(CLOCK_MONOTONIC), 0);
    tagger_destroy(&next);
    if (status) return status;
    vectors_destroy(&b->now);
    b->now = b->job, b->job = NULL;
    meter_count(b->meter, METER_EDITS, 1);
    return OCELLI_OK;
}

/* A piece of the set on its way: so few prompts that no frame waits for long. */
static void advance(struct brain *b) {
    bool done = false;
    int status = vectors_step(b->job, b->model, &done);
    if (brain_may_reopen(status)) {
        brain_reopen(b);
        return;
    }
    if (!status && done) status = replace(b);
    if (status) drop_job(b);
    if (!b->job) ocelli_unload_text(b->model); /* prompts change seldom, pictures come all the time */
}

/* The newest set counts; one that was on its way goes. */
static void adopt(struct brain *b, struct vectors *v) {
    if (!v) return;
    vectors_destroy(&b->job);
    b->job = v;
    if (vectors_begin(b->job, b->now, b->size)) drop_job(b);
}

/* ---- the thread ---- */

static struct brain_picture *oldest_ready(struct brain *b) {
    struct brain_picture *oldest = NULL;
    for (int i = 0; i < BRAIN_PICTURES; i++) {
        struct brain_picture *p = &b->pictures[i];
        if (p->state == BRAIN_READY && (!oldest || p->frame.captured_ns < oldest->frame.captured_ns)) oldest = p;
    }
    return oldest;
}

/* Gives back all pictures of this state. Under the lock, which it leaves meanwhile: a source may wait for its own thread. */
static void release(struct brain *b, int state) {
    for (int i = 0; i < BRAIN_PICTURES; i++) {
        struct brain_picture *p = &b->pictures[i];
        if ((int)p->state != state) continue;
        p->state = BRAIN_LEAVING;
        pthread_mutex_unlock(&b->lock);
        source_release(p->source, &p->frame);
        pthread_mutex_lock(&b->lock);
        p->state = BRAIN_FREE;
        pthread_cond_broadcast(&b->changed);
    }
}

/* In the place of the one that was kept. */
static void keep(struct brain *b, struct brain_picture *p) {
    pthread_mutex_lock(&b->lock);
    release(b, BRAIN_KEPT);
    p->state = BRAIN_KEPT;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

static void turn(struct brain *b, struct brain_picture *p, struct vectors *incoming) {
    if (p) p->state = BRAIN_BUSY;
    b->busy_since = clock_ns(CLOCK_MONOTONIC);
    b->incoming = NULL;
    pthread_mutex_unlock(&b->lock);
    adopt(b, incoming);
    if (p) look(b, p);
    if (p) keep(b, p);
    if (b->job) advance(b);
    pthread_mutex_lock(&b->lock);
    b->busy_since = 0;
    b->embedding_prompts = b->job || b->incoming;
    pthread_cond_broadcast(&b->changed);
}

/* Who asks for a text's vector gets it or, like the next picture, waits for the device. */
static void answer(struct brain *b) {
    if (!brain_may_reopen(ask_answer(b))) return;
    pthread_mutex_unlock(&b->lock);
    brain_reopen(b);
    pthread_mutex_lock(&b->lock);
    b->busy_since = 0;
}

static void *run(void *user) {
    struct brain *b = user;
    pthread_mutex_lock(&b->lock);
    while (!b->stop) {
        if (b->ask) answer(b);
        struct brain_picture *p = oldest_ready(b);
        if (p || b->job || b->incoming)
            turn(b, p, b->incoming);
        else if (!b->ask && !b->stop)
            pthread_cond_wait(&b->changed, &b->lock);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

int brain_start(struct brain *b) {
    int failed = thread_start(&b->thread, run, b, false);
    return failed ? log_fail(OCELLI_ERR_MEMORY, "no thread for the model: %s", strerror(failed)) : OCELLI_OK;
}

bool brain_stop(struct brain *b, int timeout_ms) {
    if (!b->thread.running) return true;
    pthread_mutex_lock(&b->lock);
    b->stop = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    return thread_join(&b->thread, clock_in(timeout_ms));
}

/* ---- for others ---- */

struct brain_picture *brain_room(struct brain *b, int timeout_ms) {
    struct brain_picture *room = NULL;
    pthread_mutex_lock(&b->lock);
    for (int tries = 0; !room && tries < 2; tries++) {
        for (int i = 0; !room && i < BRAIN_PICTURES; i++)
            if (b->pictures[i].state == BRAIN_FREE) room = &b->pictures[i];
        if (!room && !tries) wait_ms(b, timeout_ms);
    }
    if (room) room->state = BRAIN_TAKEN;
    pthread_mutex_unlock(&b->lock);
    return room;
}

static void set_state(struct brain *b, struct brain_picture *p, int state) {
    pthread_mutex_lock(&b->lock);
    p->state = state;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

void brain_put(struct brain *b, struct brain_picture *p) {
    set_state(b, p, BRAIN_READY);
}

void brain_leave(struct brain *b, struct brain_picture *p) {
    set_state(b, p, BRAIN_FREE);
}

bool brain_drop(struct brain *b, int timeout_ms) {
    int64_t until = clock_ns(CLOCK_MONOTONIC) + timeout_ms * INT64_C(1000000);
    bool held = true;
    pthread_mutex_lock(&b->lock);
    for (bool late = false; held && !late; late = clock_ns(CLOCK_MONOTONIC) >= until) {
        release(b, BRAIN_READY);
        release(b, BRAIN_KEPT);
        held = false;
        for (int i = 0; i < BRAIN_PICTURES; i++) held = held || b->pictures[i].state != BRAIN_FREE;
        if (held && timeout_ms) wait_ms(b, timeout_ms);
    }
    pthread_mutex_unlock(&b->lock);
    return !held;
}

int64_t brain_free_at(struct brain *b) {
    pthread_mutex_lock(&b->lock);
    int waiting = 0;
    for (int i = 0; i < BRAIN_PICTURES; i++) waiting += b->pictures[i].state == BRAIN_READY;
    int64_t at = b->busy_since ? b->busy_since + (1 + waiting) * b->usual_ns : 0;
    pthread_mutex_unlock(&b->lock);
    return at;
}

int64_t brain_usual_ns(struct brain *b) {
    pthread_mutex_lock(&b->lock);
    int64_t usual = b->usual_ns;
    pthread_mutex_unlock(&b->lock);
    return usual;
}

bool brain_idle(struct brain *b) {
    pthread_mutex_lock(&b->lock);
    bool idle = !b->busy_since && !b->incoming && !b->embedding_prompts && !oldest_ready(b);
    pthread_mutex_unlock(&b->lock);
    return idle;
}

int64_t brain_busy_ns(struct brain *b) {
    pthread_mutex_lock(&b->lock);
    int64_t busy = b->busy_since ? clock_ns(CLOCK_MONOTONIC) - b->busy_since : 0;
    pthread_mutex_unlock(&b->lock);
    return busy;
}

void brain_tags(struct brain *b, struct vectors **v) {
    pthread_mutex_lock(&b->lock);
    struct vectors *unwanted = b->incoming;
    b->incoming = *v, *v = NULL;
    b->embedding_prompts = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    vectors_destroy(&unwanted);
}

int brain_save(struct brain *b, uint8_t **bytes, size_t *size) {
    struct tagger_learnt *learnt;
    pthread_mutex_lock(&b->lock);
    int status = tagger_save_copy(b->tagger, &learnt);
    pthread_mutex_unlock(&b->lock);
    return status ? status : tagger_save_bytes(&learnt, bytes, size);
}

/* Under the lock. */
static void give_each(const struct brain *b, void (*each)(void *user, const struct tagger_status *tag), void *user) {
    struct tagger_status tag;
    for (size_t i = 0; i < tagger_count(b->tagger); i++) {
        tagger_get(b->tagger, i, &tag);
        each(user, &tag);
    }
}

void brain_each(struct brain *b, void (*each)(void *user, const struct tagger_status *tag), void *user) {
    pthread_mutex_lock(&b->lock);
    give_each(b, each, user);
    pthread_mutex_unlock(&b->lock);
}

static void judged(const struct brain *b, const struct brain_told *told, struct live_status *s) {
    s->any = told->any, s->sequence = told->sequence, s->captured_ns = told->captured_ns;
    s->version = told->version, s->model = b->name;
}

void brain_judged(struct brain *b, struct live_status *s) {
    pthread_mutex_lock(&b->told_lock);
    judged(b, &b->told, s);
    pthread_mutex_unlock(&b->told_lock);
}

bool brain_view(struct brain *b, struct live_status *s, uint64_t *changes,
                void (*each)(void *user, const struct tagger_status *tag), void *user) {
    pthread_mutex_lock(&b->lock);
    bool other = *changes != b->changes;
    if (other) give_each(b, each, user);
    *changes = b->changes;
    judged(b, &b->told, s); /* written under both locks */
    pthread_mutex_unlock(&b->lock);
    return other;
}

/* Under the lock. */
static void count_tags(const struct brain *b, struct live_status *s) {
    const char *name;
    s->tags = tagger_count(b->tagger), s->tags_on = s->tags_learning = 0;
    for (size_t i = 0; i < s->tags; i++) {
        enum tagger_state state = tagger_get_state(b->tagger, i, &name);
        s->tags_on += state == TAGGER_ON;
        s->tags_learning += tagger_is_learning(b->tagger, i);
    }
}

/* Under the lock. */
static const struct brain_picture *newest(const struct brain *b) {
    const struct brain_picture *best = NULL;
    for (int i = 0; i < BRAIN_PICTURES; i++) {
        const struct brain_picture *p = &b->pictures[i];
        if (p->state != BRAIN_READY && p->state != BRAIN_BUSY && p->state != BRAIN_KEPT) continue;
        if (!best || p->frame.captured_ns > best->frame.captured_ns) best = p;
    }
    return best;
}

bool brain_frame(struct brain *b, struct frame *frame, uint8_t **bytes) {
    *bytes = NULL;
    pthread_mutex_lock(&b->lock);
    const struct brain_picture *p = newest(b);
    if (p) *bytes = malloc(frame_planes_bytes(&p->frame));
    if (*bytes) frame_copy(&p->frame, *bytes, frame);
    pthread_mutex_unlock(&b->lock);
    return *bytes != NULL;
}

void brain_status(struct brain *b, struct live_status *s) {
    pthread_mutex_lock(&b->lock);
    count_tags(b, s);
    s->version = b->version, s->gpu_bytes = b->gpu_bytes, s->dma_bufs = b->dma_bufs, s->model = b->name, s->device = b->device;
    s->any = b->any, s->sequence = b->sequence, s->captured_ns = b->captured_ns;
    s->device_open = b->open, s->embedding = b->embedding_prompts;
    pthread_mutex_unlock(&b->lock);
}
