/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "handle.h"
#include "ocelli/library/search.h"

#include <stdio.h>
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

static int embed_picture(struct ocelli *handle, const char *path, float *one) {
    struct ocelli_image image;
    int status = ocelli_image_load(&image, path);
    if (!status) status = ocelli_embed_images(handle, &image, 1, one);
    ocelli_image_free(&image);
    return status;
}

static int embed_likes(struct search_request *r, struct ocelli *handle, struct ocelli_query *query) {
    struct ocelli_info info;
    ocelli_get_info(handle, &info);
    size_t count = r->likes.count, size = info.embedding_size;
    float *all = arena_alloc(&r->arena, count + !count, size * sizeof *all);
    int status = all ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures", count);
    for (size_t i = 0; !status && i < count; i++) status = embed_picture(handle, r->likes.texts[i], all + i * size);
    query->embeddings = all, query->embedding_count = count;
    return status;
}

int search_resolve(struct search_request *request, struct ocelli *handle, float *vector,
                   struct history_question *question) {
    struct ocelli_query query = request->query;
    const char *text = search_text(request);
    query.texts = &text, query.text_count = request->words.count > 0;
    query.nots = request->nots.texts, query.not_count = request->nots.count;
    query.templates = request->templates.texts, query.template_count = request->templates.count;
    int status = text ? embed_likes(request, handle, &query) : OCELLI_ERR_MEMORY;
    return status ? status : handle_resolve(handle, &query, vector, question);
}
