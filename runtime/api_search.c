/* SPDX-License-Identifier: Apache-2.0
 * The search of include/ocelli.h: a query's texts through the model, then runtime/memory. */
#include "base/log.h"
#include "handle.h"
#include "memory/library.h"
#include "memory/query.h"
#include "tag/prompts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- texts ---- */

struct embedding {
    struct ocelli *handle;
    const struct ocelli_query *query;
};

static int embed_prompts(struct ocelli *o, const struct prompts_list *prompts, float *vector) {
    size_t size = o->config.embedding;
    float *all = calloc(prompts->count, size * sizeof *all);
    int status = all ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for the text");
    if (!status) status = ocelli_embed_texts(o, prompts->texts, prompts->count, all);
    if (!status) status = prompts_average(all, prompts->count, size, vector);
    free(all);
    return status;
}

static int embed_text(void *user, const char *text, float *vector) {
    const struct embedding *e = user;
    struct arena arena = {0};
    struct prompts_list prompts = {0}, one = {.texts = &text, .count = 1};
    const struct prompts_list templates = {.texts = (const char **)e->query->templates,
                                           .count = e->query->template_count};
    int status = text ? prompts_expand(&prompts, &arena, &templates, &one)
                      : log_fail(OCELLI_ERR_USAGE, "a query: a text is NULL");
    if (!status) status = embed_prompts(e->handle, &prompts, vector);
    arena_finish(&arena);
    return status;
}

int handle_resolve(struct ocelli *handle, const struct ocelli_query *query, float *vector,
                   struct history_question *question) {
    struct embedding embedding = {handle, query};
    for (size_t i = 0; query->templates && i < query->template_count; i++)
        if (!query->templates[i]) return log_fail(OCELLI_ERR_USAGE, "a query: a template is NULL");
    return query_resolve(query, handle->config.embedding, &(struct query_embedder){embed_text, &embedding}, vector,
                         question);
}

/* ---- hits ---- */

static int take(struct history *h, const struct history_hit *from, struct arena *arena, struct ocelli_hit *to) {
    char *path;
    int status = history_file(h, from->id, &path);
    if (status) return status;
    *to = (struct ocelli_hit){.time_ms = llround(from->time * 1000), .score = (float)from->score};
    to->tags = arena_copy(arena, from->tags, strlen(from->tags));
    to->path = path ? arena_copy(arena, path, strlen(path)) : NULL;
    bool full = !to->tags || (path && !to->path);
    free(path);
    return full ? log_fail(OCELLI_ERR_MEMORY, "out of memory for hits") : OCELLI_OK;
}

static int look(struct history *h, const struct history_question *question, struct arena *arena,
                const struct ocelli_hit **hits, size_t *count) {
    struct history_found found = {.hits = calloc(question->wanted, sizeof *found.hits)};
    struct ocelli_hit *all = arena_alloc(arena, question->wanted, sizeof *all);
    int status = found.hits && all ? history_hold(h)
                                   : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu hits", question->wanted);
    if (!status) status = history_search(h, question, &found);
    for (size_t i = 0; !status && i < found.count; i++) status = take(h, &found.hits[i], arena, &all[i]);
    if (!status) *hits = all, *count = found.count;
    history_release(h);
    free(found.hits);
    return status;
}

static int search(struct ocelli *o, const char *file, const struct ocelli_query *query, float *vector,
                  const struct ocelli_hit **hits, size_t *count) {
    struct history *h = NULL;
    struct history_question question;
    struct memory_model model = {.name = o->name, .size = o->config.embedding};
    snprintf(model.key, sizeof model.key, "%s", blob_key(o->blob));
    int status = handle_resolve(o, query, vector, &question);
    if (!status) status = library_read_any(&h, file, &model);
    if (!status) status = look(h, &question, &o->found, hits, count);
    history_close(&h);
    return status;
}

int ocelli_search(struct ocelli *handle, const char *file, const struct ocelli_query *query,
                  const struct ocelli_hit **hits, size_t *count) {
    if (hits) *hits = NULL;
    if (count) *count = 0;
    if (!handle || !file || !query || !hits || !count)
        return log_fail(OCELLI_ERR_USAGE, "ocelli_search: a pointer is NULL that must not be");
    arena_finish(&handle->found);
    float *vector = calloc(handle->config.embedding, sizeof *vector);
    int status = vector ? search(handle, file, query, vector, hits, count)
                        : log_fail(OCELLI_ERR_MEMORY, "out of memory for a search");
    free(vector);
    return status;
}
