/* SPDX-License-Identifier: Apache-2.0
 * What others see of the thread with the model: tags, counts, the newest picture. */
#include "daemon/inference.h"

#include <math.h>
#include <stdlib.h>

/* Under the lock. */
static void give_each(const struct inference *b, void (*each)(void *user, const struct tagger_status *tag),
                      void *user) {
    struct tagger_status tag;
    for (size_t i = 0; i < tagger_count(b->tagger); i++) {
        tagger_get(b->tagger, i, &tag);
        each(user, &tag);
    }
}

void inference_each(struct inference *inference, void (*each)(void *user, const struct tagger_status *tag),
                    void *user) {
    pthread_mutex_lock(&inference->lock);
    give_each(inference, each, user);
    pthread_mutex_unlock(&inference->lock);
}

static void judged(const struct inference *b, const struct inference_told *told, struct daemon_status *s) {
    s->any = told->any, s->sequence = told->sequence, s->captured_ns = told->captured_ns;
    s->version = told->version, s->model = b->name;
}

void inference_judged(struct inference *inference, struct daemon_status *status) {
    pthread_mutex_lock(&inference->told_lock);
    judged(inference, &inference->told, status);
    pthread_mutex_unlock(&inference->told_lock);
}

bool inference_view(struct inference *inference, struct daemon_status *status, uint64_t *changes,
                    void (*each)(void *user, const struct tagger_status *tag), void *user) {
    pthread_mutex_lock(&inference->lock);
    bool other = *changes != inference->changes;
    if (other) give_each(inference, each, user);
    *changes = inference->changes;
    judged(inference, &inference->told, status); /* written under both locks */
    pthread_mutex_unlock(&inference->lock);
    return other;
}

/* Under the lock. */
static void count_tags(const struct inference *b, struct daemon_status *s) {
    const char *name;
    s->tags = tagger_count(b->tagger), s->tags_on = s->tags_learning = 0;
    for (size_t i = 0; i < s->tags; i++) {
        enum tagger_state state = tagger_get_state(b->tagger, i, &name);
        s->tags_on += state == TAGGER_ON;
        s->tags_learning += tagger_is_learning(b->tagger, i);
    }
}

/* Under the lock. */
static const struct inference_picture *newest(const struct inference *b) {
    const struct inference_picture *best = NULL;
    for (int i = 0; i < INFERENCE_PICTURES; i++) {
        const struct inference_picture *p = &b->pictures[i];
        if (p->state != INFERENCE_WAITING && p->state != INFERENCE_BUSY && p->state != INFERENCE_KEPT) continue;
        if (b->moderation && (p->state == INFERENCE_WAITING || !p->judged)) continue;
        if (!best || p->frame.captured_ns > best->frame.captured_ns) best = p;
    }
    return best;
}

bool inference_frame(struct inference *inference, struct frame *frame, uint8_t **bytes, bool *blurred) {
    *bytes = NULL;
    pthread_mutex_lock(&inference->lock);
    const struct inference_picture *p = newest(inference);
    *blurred = p && p->outcome == POLICY_BLURRED;
    if (p && p->outcome != POLICY_DROPPED) *bytes = malloc(frame_planes_bytes(&p->frame));
    if (*bytes) frame_copy(&p->frame, *bytes, frame);
    pthread_mutex_unlock(&inference->lock);
    return *bytes != NULL;
}

void inference_status(struct inference *inference, struct daemon_status *status) {
    pthread_mutex_lock(&inference->lock);
    count_tags(inference, status);
    status->drift = (struct drift_status){.largest = (double)NAN};
    if (inference->drift) drift_get(inference->drift, inference->tagger, &status->drift);
    status->version = inference->version, status->gpu_bytes = inference->gpu_bytes,
    status->dma_bufs = inference->dma_bufs, status->model = inference->name, status->device = inference->device;
    status->any = inference->any, status->sequence = inference->sequence, status->captured_ns = inference->captured_ns;
    status->moderation = inference->moderated;
    status->device_open = inference->open, status->embedding = inference->embedding_prompts;
    pthread_mutex_unlock(&inference->lock);
}
