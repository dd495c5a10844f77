/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/text_request.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/inference.h"
#include "prep/decode.h"

#include <stdlib.h>
#include <string.h>

/* Belongs to the thread that asks until the inference thread takes it. Then it belongs to the inference thread. Once it
 * is done or given up, the other of the two has it. */
struct text_request {
    struct arena arena;
    struct prompts_list texts;
    struct ocelli_image image; /* decode_free() it; no pixels: the texts */
    struct vectors *set;       /* NULL: none */
    bool begin, set_done;      /* of the set */
    float *vectors;            /* (texts.count, or 1 of the image, D) */
    int status;
    bool taken, done, given_up;
};

static void destroy(struct text_request *a) {
    if (!a) return;
    arena_finish(&a->arena);
    decode_free(&a->image);
    vectors_destroy(&a->set);
    free(a->vectors);
    free(a);
}

static int no_memory(struct text_request *a) {
    destroy(a);
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for what is embedded");
}

static int make(struct text_request **out, const struct prompts_list *templates, const char *text, uint32_t size) {
    struct text_request *a = *out = calloc(1, sizeof *a);
    struct prompts_list one = {.texts = &text, .count = 1};
    if (!a) return no_memory(a);
    int status = prompts_expand(&a->texts, &a->arena, templates, &one);
    a->vectors = status ? NULL : calloc(a->texts.count, size * sizeof *a->vectors);
    if (!status && !a->vectors) return no_memory(a);
    if (status) destroy(a);
    return status;
}

/* With the lock, which is given up for a moment. false: there is no time left. */
static bool wait_a_moment(struct inference *b, int64_t until) {
    struct timespec at = clock_at(until);
    if (b->stop || clock_ns(CLOCK_MONOTONIC) >= until) return false;
    pthread_cond_timedwait(&b->changed, &b->lock, &at);
    return true;
}

/* With the lock. true: it is done; else it is given up, and the inference thread's when it has it already. Another one
 * that asks waits in front of it. */
static bool wait(struct inference *b, struct text_request *a, int timeout_ms) {
    int64_t until = clock_ns(CLOCK_MONOTONIC) + timeout_ms * INT64_C(1000000);
    while (b->text_request)
        if (!wait_a_moment(b, until)) return false;
    b->text_request = a;
    pthread_cond_broadcast(&b->changed);
    while (!a->done)
        if (!wait_a_moment(b, until)) break;
    if (b->text_request == a) b->text_request = NULL, pthread_cond_broadcast(&b->changed);
    a->given_up = !a->done && a->taken;
    return a->done;
}

/* *theirs: it is given up, and the inference thread's. */
static int ask(struct inference *b, struct text_request *a, int timeout_ms, bool *theirs) {
    pthread_mutex_lock(&b->lock);
    bool done = !b->stop && wait(b, a, timeout_ms);
    *theirs = a->given_up;
    pthread_mutex_unlock(&b->lock);
    return done ? a->status : OCELLI_ERR_LOST;
}

int text_request(struct inference *inference, const struct prompts_list *templates, const char *text, float *vector,
                 int timeout_ms) {
    struct text_request *a;
    bool theirs;
    int status = make(&a, templates, text, inference->size);
    if (status) return status;
    status = ask(inference, a, timeout_ms, &theirs);
    if (!status) status = prompts_average(a->vectors, a->texts.count, inference->size, vector);
    if (!theirs) destroy(a);
    return status;
}

int text_request_picture(struct inference *inference, struct ocelli_image *image, float *vector, int timeout_ms) {
    struct text_request *a = calloc(1, sizeof *a);
    bool theirs;
    if (a) a->image = *image, a->vectors = calloc(inference->size, sizeof *a->vectors);
    if (!a) decode_free(image);
    *image = (struct ocelli_image){0};
    if (!a || !a->vectors) return no_memory(a);
    int status = ask(inference, a, timeout_ms, &theirs);
    if (!status) memcpy(vector, a->vectors, inference->size * sizeof *vector);
    if (!theirs) destroy(a);
    return status;
}

int text_request_step(struct inference *inference, struct vectors **vectors, bool begin, bool *done, int timeout_ms) {
    struct text_request *a = calloc(1, sizeof *a);
    bool theirs;
    if (!a) return no_memory(a);
    a->set = *vectors, a->begin = begin, *vectors = NULL;
    int status = ask(inference, a, timeout_ms, &theirs);
    *done = !theirs && a->set_done;
    if (!theirs) *vectors = a->set, a->set = NULL, destroy(a);
    return status;
}

/* ---- the inference thread ---- */

static int work(struct inference *b, struct text_request *a) {
    if (!b->model) return OCELLI_ERR_LOST;
    if (a->set && a->begin) return vectors_begin(a->set, b->now, b->size);
    if (a->set) return model_vectors_step(a->set, b->model, &a->set_done);
    if (a->image.rgb) return ocelli_embed_images(b->model, &a->image, 1, a->vectors);
    return ocelli_embed_texts(b->model, a->texts.texts, a->texts.count, a->vectors);
}

/* More texts of the set may come at once. */
static bool goes_on(const struct text_request *a) {
    return a->image.rgb || (a->set && !a->set_done && !a->status);
}

int text_request_answer(struct inference *inference) {
    struct text_request *a = inference->text_request;
    inference->text_request = NULL, a->taken = true;
    pthread_cond_broadcast(&inference->changed); /* the next may ask */
    inference->busy_since = clock_ns(CLOCK_MONOTONIC);
    pthread_mutex_unlock(&inference->lock);
    int status = a->status = work(inference, a);
    if (inference->model && !inference->job && !goes_on(a)) ocelli_unload_text(inference->model);
    pthread_mutex_lock(&inference->lock);
    inference->busy_since = 0;
    a->done = true;
    if (a->given_up) destroy(a);
    pthread_cond_broadcast(&inference->changed);
    return status;
}
