/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/draw/judge.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static int embed_texts(struct judge *j, const char *text, const struct prompts_list *against) {
    int status = ocelli_embed_texts(j->handle, &text, 1, j->texts);
    if (!status && j->rivals)
        status = ocelli_embed_texts(j->handle, against->texts, j->rivals, j->texts + j->dimensions);
    ocelli_unload_text(j->handle);
    return status;
}

int judge_init(struct judge *j, struct ocelli *handle, const char *text, const struct prompts_list *against,
               size_t triangles) {
    struct ocelli_info info;
    ocelli_get_info(handle, &info);
    *j = (struct judge){
        .handle = handle, .side = info.image_size, .dimensions = info.embedding_size, .rivals = against->count};
    size_t values = (size_t)3 * j->side * j->side;
    int status = drawing_init(&j->drawing, triangles);
    if (status) return status;
    j->texts = calloc(1 + j->rivals, j->dimensions * sizeof *j->texts);
    j->canvas = calloc(values, sizeof *j->canvas);
    j->coverage = calloc(j->side, sizeof *j->coverage);
    j->rgb = calloc(JUDGE_BATCH, values);
    j->vectors = calloc(JUDGE_BATCH, j->dimensions * sizeof *j->vectors);
    if (!j->texts || !j->canvas || !j->coverage || !j->rgb || !j->vectors)
        return log_fail(OCELLI_ERR_MEMORY, "out of memory for %d pictures of %u pixels a side", JUDGE_BATCH, j->side);
    return embed_texts(j, text, against);
}

void judge_finish(struct judge *j) {
    drawing_finish(&j->drawing);
    free(j->texts);
    free(j->canvas);
    free(j->coverage);
    free(j->rgb);
    free(j->vectors);
    *j = (struct judge){0};
}

static float dot(const float *a, const float *b, size_t count) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static uint8_t *draw(struct judge *j, size_t at, const float *numbers, struct triangles_view view) {
    uint8_t *rgb = j->rgb + at * 3 * j->side * j->side;
    drawing_set(&j->drawing, numbers);
    triangles_draw(j->canvas, j->coverage, j->side, view, j->drawing.background, j->drawing.triangles,
                   j->drawing.count);
    triangles_bytes(rgb, j->canvas, j->side);
    return rgb;
}

static float best_rival(const struct judge *j, const float *vector) {
    float best = 0;
    for (size_t i = 0; i < j->rivals; i++) {
        float cosine = dot(vector, j->texts + (1 + i) * j->dimensions, j->dimensions);
        if (!i || cosine > best) best = cosine;
    }
    return best;
}

static int judge_batch(struct judge *j, const float *candidates, size_t count, struct triangles_view view,
                       float *scores, float *cosines) {
    struct ocelli_image images[JUDGE_BATCH];
    size_t numbers = drawing_numbers(j->drawing.count);
    for (size_t i = 0; i < count; i++)
        images[i] = (struct ocelli_image){
            .rgb = draw(j, i, candidates + i * numbers, view), .width = j->side, .height = j->side};
    int status = ocelli_embed_images(j->handle, images, count, j->vectors);
    for (size_t i = 0; !status && i < count; i++) {
        const float *vector = j->vectors + i * j->dimensions;
        float cosine = dot(vector, j->texts, j->dimensions);
        scores[i] = cosine - best_rival(j, vector);
        if (cosines) cosines[i] = cosine;
    }
    return status;
}

int judge_scores(struct judge *j, const float *candidates, size_t count, struct triangles_view view, float *scores,
                 float *cosines) {
    size_t numbers = drawing_numbers(j->drawing.count);
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < count; i += JUDGE_BATCH)
        status = judge_batch(j, candidates + i * numbers, count - i < JUDGE_BATCH ? count - i : JUDGE_BATCH, view,
                             scores + i, cosines ? cosines + i : NULL);
    return status;
}
