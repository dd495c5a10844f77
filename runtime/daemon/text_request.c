/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/text_request.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/inference.h"

#include <stdlib.h>
#include <string.h>

/* Belongs to the thread that asks until the inference thread takes it. Then it belongs to the inference thread. Once it
 * is done or given up, the other of the two has it. */
struct text_request {
    struct arena arena;
    struct prompts_list texts;
    float *vectors; /* (texts.count, D) */
    int status;
    bool taken, done, given_up;
};

static void destroy(struct text_request *a) {
    if (!a) return;
    arena_finish(&a->arena);
    free(a->vectors);
    free(a);
}

static int make(struct text_request **out, const struct prompts_list *templates, const char *text, uint32_t size) {
    struct text_request *a = *out = calloc(1, sizeof *a);
    struct prompts_list one = {.texts = &text, .count = 1};
    if (!a) return log_fail(OCELLI_ERR_MEMORY, "out of memory for a text");
    int status = prompts_expand(&a->texts, &a->arena, templates, &one);
    a->vectors = status ? NULL : calloc(a->texts.count, size * sizeof *a->vectors);
    if (!status && !a->vectors) status = log_fail(OCELLI_ERR_MEMORY, "out of memory for a text");
    if (!status) return OCELLI_OK;
    destroy(a);
    *out = NULL;
    return status;
}

/* With the lock. true: it is done; else it is given up, and the inference thread's when it has it already. */
static bool wait(struct inference *b, struct text_request *a, int timeout_ms) {
    int64_t until = clock_ns(CLOCK_MONOTONIC) + timeout_ms * INT64_C(1000000);
    struct timespec at = clock_at(until);
    b->text_request = a;
    pthread_cond_broadcast(&b->changed);
    while (!a->done && !b->stop && clock_ns(CLOCK_MONOTONIC) < until)
        pthread_cond_timedwait(&b->changed, &b->lock, &at);
    if (b->text_request == a) b->text_request = NULL;
    a->given_up = !a->done && a->taken;
    return a->done;
}

int text_request(struct inference *inference, const struct prompts_list *templates, const char *text, float *vector,
                 int timeout_ms) {
    struct text_request *a;
    int status = make(&a, templates, text, inference->size);
    if (status) return status;
    pthread_mutex_lock(&inference->lock);
    bool free_to_ask = !inference->text_request && !inference->stop,
         done = free_to_ask && wait(inference, a, timeout_ms), theirs = a->given_up;
    pthread_mutex_unlock(&inference->lock);
    status = done ? a->status : OCELLI_ERR_LOST;
    if (!status) status = prompts_average(a->vectors, a->texts.count, inference->size, vector);
    if (!theirs) destroy(a);
    return status;
}

int text_request_answer(struct inference *inference) {
    struct text_request *a = inference->text_request;
    inference->text_request = NULL, a->taken = true;
    inference->busy_since = clock_ns(CLOCK_MONOTONIC);
    pthread_mutex_unlock(&inference->lock);
    int status = inference->model ? ocelli_embed_texts(inference->model, a->texts.texts, a->texts.count, a->vectors)
                                  : OCELLI_ERR_LOST;
    if (inference->model && !inference->job) ocelli_unload_text(inference->model);
    pthread_mutex_lock(&inference->lock);
    inference->busy_since = 0;
    a->status = status, a->done = true;
    if (a->given_up) destroy(a);
    pthread_cond_broadcast(&inference->changed);
    return status;
}
