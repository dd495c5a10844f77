/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "memory/query.h"
#include "ocelli/library/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The words make one text, as in the protocol. */
const char *search_text(struct search_request *request) {
    const struct prompts_list *words = &request->words;
    size_t capacity = 1;
    for (size_t i = 0; i < words->count; i++) capacity += strlen(words->texts[i]) + 1;
    char *text = arena_alloc(&request->arena, capacity, 1), *end = text;
    if (text) *text = '\0';
    for (size_t i = 0; text && i < words->count; i++) end += sprintf(end, "%s%s", i ? " " : "", words->texts[i]);
    if (!text) log_error("out of memory for the text");
    return text;
}

static int embed_text(struct search_request *r, struct ocelli *handle, size_t size, const char *text, float *one) {
    struct prompts_list single = {.texts = &text, .count = 1}, expanded = {0};
    int status = prompts_expand(&expanded, &r->arena, &r->templates, &single);
    float *vectors = status ? NULL : calloc(expanded.count, size * sizeof *vectors);
    if (!status && !vectors) status = log_fail(OCELLI_ERR_MEMORY, "out of memory for the text");
    if (!status) status = ocelli_embed_texts(handle, expanded.texts, expanded.count, vectors);
    if (!status) status = prompts_average(vectors, expanded.count, size, vectors);
    if (!status) memcpy(one, vectors, size * sizeof *one);
    free(vectors);
    return status;
}

static int embed_picture(struct ocelli *handle, const char *path, float *one) {
    struct ocelli_image image;
    int status = ocelli_image_load(&image, path);
    if (!status) status = ocelli_embed_images(handle, &image, 1, one);
    ocelli_image_free(&image);
    return status;
}

static int add_all(struct search_request *r, struct ocelli *handle, size_t size, float *vector, float *one) {
    int status = OCELLI_OK;
    if (r->words.count) {
        const char *text = search_text(r);
        status = text ? embed_text(r, handle, size, text, one) : OCELLI_ERR_MEMORY;
        if (!status) query_add(vector, one, size, 1);
    }
    for (size_t i = 0; !status && i < r->likes.count; i++) {
        status = embed_picture(handle, r->likes.texts[i], one);
        if (!status) query_add(vector, one, size, 1);
    }
    for (size_t i = 0; !status && i < r->nots.count; i++) {
        status = embed_text(r, handle, size, r->nots.texts[i], one);
        if (!status) query_add(vector, one, size, -1);
    }
    return status;
}

int search_vector(struct search_request *request, struct ocelli *handle, float *vector) {
    struct ocelli_info info;
    ocelli_get_info(handle, &info);
    float *one = calloc(info.embedding_size, sizeof *one);
    if (!one) return log_fail(OCELLI_ERR_MEMORY, "out of memory for the text");
    memset(vector, 0, info.embedding_size * sizeof *vector);
    int status = add_all(request, handle, info.embedding_size, vector, one);
    if (!status) status = query_finish(vector, info.embedding_size);
    free(one);
    return status;
}
