/* SPDX-License-Identifier: Apache-2.0
 * Vectors of the pictures, classes and captions, by one model. */
#include "ocelli/eval/eval_work.h"
#include "base/log.h"
#include "ocelli/common/pictures.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS_MOST = 16 };

static int embed_batch(struct evaluation *e, struct ocelli *handle, size_t *next, size_t n, float *vectors,
                       float *batch) {
    struct pictures p = {.rule = e->request->rule};
    struct eval_input *in = &e->input;
    size_t at[PICTURES_MOST], begun = *next;
    int status = OCELLI_OK;
    for (; *next < in->count && !pictures_full(&p); ++*next) {
        at[p.count] = *next;
        if (!in->unread[*next] && pictures_add(&p, in->paths[*next])) in->unread[*next] = true;
    }
    if (p.count) status = ocelli_embed_images(handle, p.images, p.count, batch);
    for (size_t i = 0; !status && i < p.count; i++) memcpy(vectors + at[i] * n, batch + i * n, n * sizeof *vectors);
    pictures_clear(&p);
    progress_step(&e->progress, *next - begun);
    return status;
}

static int embed_pictures(struct evaluation *e, struct ocelli *handle, struct eval_model *m) {
    float *batch = calloc(PICTURES_MOST, m->n * sizeof *batch);
    m->vectors = calloc(e->input.count, m->n * sizeof *m->vectors);
    int status =
        batch && m->vectors ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures", e->input.count);
    if (!e->request->quiet && progress_possible()) progress_begin(&e->progress, e->input.count);
    for (size_t next = 0; !status && next < e->input.count;)
        status = embed_batch(e, handle, &next, m->n, m->vectors, batch);
    progress_end(&e->progress);
    free(batch);
    return status;
}

static int embed_texts(struct ocelli *handle, const char *const *texts, size_t count, size_t n, float *vectors) {
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < count; i += TEXTS_MOST)
        status =
            ocelli_embed_texts(handle, texts + i, count - i < TEXTS_MOST ? count - i : TEXTS_MOST, vectors + i * n);
    return status;
}

/* One class: the mean of its prompts' unit vectors, made unit length, as CLIP_benchmark does. */
static int embed_class(struct ocelli *handle, const struct ocelli_tag *tag, size_t n, float *vector) {
    float *prompts = calloc(tag->prompt_count, n * sizeof *prompts);
    if (!prompts) return log_fail(OCELLI_ERR_MEMORY, "out of memory for prompts");
    int status = embed_texts(handle, tag->prompts, tag->prompt_count, n, prompts);
    if (!status) status = prompts_average(prompts, tag->prompt_count, n, vector);
    free(prompts);
    return status;
}

static int add_variant(struct evaluation *e, struct ocelli *handle, const struct eval_model *m, size_t set,
                       const char *name) {
    struct eval_variant *v = &e->result.variants[e->result.variant_count++];
    const struct tagset *tags = &e->sets[set];
    *v = (struct eval_variant){.name = name, .model = m, .templates = e->set_names[set]};
    v->classes = calloc(tags->count, m->n * sizeof *v->classes);
    if (!v->classes) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu classes", tags->count);
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < tags->count; i++)
        status = embed_class(handle, &tags->tags[i], m->n, v->classes + i * m->n);
    return status;
}

static int embed_captions(struct evaluation *e, struct ocelli *handle, struct eval_model *m) {
    const struct eval_input *in = &e->input;
    m->texts = calloc(in->text_count, m->n * sizeof *m->texts);
    if (!m->texts) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu captions", in->text_count);
    return embed_texts(handle, in->texts, in->text_count, m->n, m->texts);
}

static void describe(struct eval_model *m, struct ocelli *handle) {
    struct ocelli_info info;
    ocelli_get_info(handle, &info);
    snprintf(m->name, sizeof m->name, "%s", info.model_name);
    snprintf(m->device, sizeof m->device, "%s", info.device_name);
    m->n = info.embedding_size;
    m->scale = (double)info.logit_scale;
}

/* Texts first: a fault in them is told before the long part. */
int eval_use_model(struct evaluation *e, const struct options *o, const char *path) {
    struct eval_result *r = &e->result;
    struct options with = *o;
    struct ocelli *handle = NULL;
    struct eval_model *m = &r->models[r->model_count];
    bool first = r->model_count++ == 0;
    m->path = with.model = path;
    int status = options_open(&with, &handle);
    if (status) return status;
    describe(m, handle);
    for (size_t i = 0; !status && !r->pairs && i < (first ? e->set_count : 1); i++)
        status = add_variant(e, handle, m, i, first ? e->set_names[i] : path);
    if (!status) status = embed_pictures(e, handle, m);
    ocelli_close(&handle);
    return status;
}

/* Captions of pictures that cannot be read are not embedded, so they come behind. */
int eval_use_captions(struct evaluation *e, const struct options *o, struct eval_model *m) {
    struct options with = *o;
    struct ocelli *handle = NULL;
    with.model = m->path;
    int status = options_open(&with, &handle);
    if (!status) status = embed_captions(e, handle, m);
    ocelli_close(&handle);
    return status;
}
