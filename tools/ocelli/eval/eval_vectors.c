/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_vectors.h"
#include "base/log.h"
#include "ocelli/common/pictures.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS_MOST = 16 };

static int embed_batch(struct ocelli *handle, struct eval_input *in, const struct eval_reading *reading, size_t *next,
                       size_t n, float *vectors, float *batch) {
    struct pictures p = {.rule = reading->rule};
    size_t at[PICTURES_MOST], begun = *next;
    int status = OCELLI_OK;
    for (; *next < in->count && !pictures_full(&p); ++*next) {
        at[p.count] = *next;
        if (!in->unread[*next] && pictures_add(&p, in->paths[*next])) in->unread[*next] = true;
    }
    if (p.count) status = ocelli_embed_images(handle, p.images, p.count, batch);
    for (size_t i = 0; !status && i < p.count; i++) memcpy(vectors + at[i] * n, batch + i * n, n * sizeof *vectors);
    pictures_clear(&p);
    if (reading->progress) progress_step(reading->progress, *next - begun);
    return status;
}

int eval_embed_pictures(struct ocelli *handle, struct eval_input *in, const struct eval_reading *reading, size_t n,
                        float **vectors) {
    float *batch = calloc(PICTURES_MOST, n * sizeof *batch);
    *vectors = calloc(in->count, n * sizeof **vectors);
    int status =
        batch && *vectors ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures", in->count);
    if (reading->progress && progress_possible()) progress_begin(reading->progress, in->count);
    for (size_t next = 0; !status && next < in->count;)
        status = embed_batch(handle, in, reading, &next, n, *vectors, batch);
    if (reading->progress) progress_end(reading->progress);
    free(batch);
    return status;
}

int eval_embed_texts(struct ocelli *handle, const char *const *texts, size_t count, size_t n, float *vectors) {
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < count; i += TEXTS_MOST)
        status =
            ocelli_embed_texts(handle, texts + i, count - i < TEXTS_MOST ? count - i : TEXTS_MOST, vectors + i * n);
    return status;
}

int eval_embed_class(struct ocelli *handle, const struct ocelli_tag *tag, size_t n, float *vector) {
    float *prompts = calloc(tag->prompt_count, n * sizeof *prompts);
    if (!prompts) return log_fail(OCELLI_ERR_MEMORY, "out of memory for prompts");
    int status = eval_embed_texts(handle, tag->prompts, tag->prompt_count, n, prompts);
    if (!status) status = prompts_average(prompts, tag->prompt_count, n, vector);
    free(prompts);
    return status;
}
