/* SPDX-License-Identifier: Apache-2.0
 * The tags of include/ocelli.h: prompts through the text tower, then runtime/tag. */
#include "base/log.h"
#include "handle.h"
#include "tag/prompts.h"
#include "tag/score.h"

#include <stdlib.h>

struct ocelli_tags {
    size_t count;
    uint32_t embedding;
    float logit_scale, logit_bias;
    bool sigmoid;
    float vectors[]; /* (count, D), unit length */
};

static int check(const struct ocelli_tag *tags, size_t count, size_t *prompts) {
    if (count && !tags) return log_fail(OCELLI_ERR_USAGE, "ocelli_tags_create: a pointer is NULL that must not be");
    if (count == 0) return log_fail(OCELLI_ERR_USAGE, "no tags: give at least one");
    *prompts = 0;
    for (size_t i = 0; i < count; i++) {
        if (tags[i].prompt_count == 0 || !tags[i].prompts)
            return log_fail(OCELLI_ERR_USAGE, "tag '%s' has no prompt", tags[i].name ? tags[i].name : "");
        *prompts += tags[i].prompt_count;
    }
    return OCELLI_OK;
}

/* All prompts at once: the text tower works in batches. */
static int embed_prompts(struct ocelli *o, const struct ocelli_tag *tags, size_t count, size_t prompts, float **out) {
    const char **texts = calloc(prompts, sizeof *texts);
    *out = calloc(prompts, o->config.embedding * sizeof **out);
    int status = texts && *out ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu prompts", prompts);
    size_t n = 0;
    for (size_t i = 0; !status && i < count; i++)
        for (size_t j = 0; j < tags[i].prompt_count; j++) texts[n++] = tags[i].prompts[j];
    if (!status) status = ocelli_embed_texts(o, texts, prompts, *out);
    free(texts);
    return status;
}

int ocelli_tags_create(struct ocelli_tags **out, struct ocelli *handle, const struct ocelli_tag *tags, size_t count) {
    if (out) *out = NULL;
    if (!out || !handle) return log_fail(OCELLI_ERR_USAGE, "ocelli_tags_create: a pointer is NULL that must not be");
    size_t prompts, size = handle->config.embedding;
    int status = check(tags, count, &prompts);
    if (status) return status;
    float *vectors = NULL;
    struct ocelli_tags *t = calloc(1, sizeof *t + count * size * sizeof(float));
    if (!t) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu tags", count);
    *t = (struct ocelli_tags){.count = count,
                              .embedding = handle->config.embedding,
                              .logit_scale = handle->config.logit_scale,
                              .logit_bias = handle->config.logit_bias,
                              .sigmoid = handle->config.sigmoid};
    status = embed_prompts(handle, tags, count, prompts, &vectors);
    const float *from = vectors;
    for (size_t i = 0; !status && i < count; i++) {
        status = prompts_average(from, tags[i].prompt_count, size, t->vectors + i * size);
        from += tags[i].prompt_count * size;
    }
    free(vectors);
    if (status) ocelli_tags_destroy(&t);
    *out = t;
    return status;
}

void ocelli_tags_destroy(struct ocelli_tags **tags) {
    if (!tags) return;
    free(*tags);
    *tags = NULL;
}

void ocelli_tags_score(const struct ocelli_tags *tags, const float *embedding, float *scores, float *cosines) {
    for (size_t i = 0; i < tags->count; i++) {
        float c = score_cosine(tags->vectors + i * tags->embedding, embedding, tags->embedding);
        if (cosines) cosines[i] = c;
        if (scores) scores[i] = c;
    }
    if (!scores) return;
    if (tags->sigmoid)
        score_sigmoid(scores, tags->count, tags->logit_scale, tags->logit_bias, scores);
    else
        score_softmax(scores, tags->count, tags->logit_scale, scores);
}
