/* SPDX-License-Identifier: Apache-2.0
 * Vectors of the pictures, classes and captions, by one model. */
#include "ocelli/eval/eval_work.h"
#include "base/log.h"
#include "ocelli/eval/eval_vectors.h"

#include <stdlib.h>
#include <string.h>

static int add_variant(struct evaluation *e, struct ocelli *handle, const struct eval_model *m, size_t set,
                       const char *name) {
    struct eval_variant *v = &e->result.variants[e->result.variant_count++];
    const struct tagset *tags = &e->sets[set];
    *v = (struct eval_variant){.name = name, .model = m, .templates = e->set_names[set]};
    v->classes = calloc(tags->count, m->n * sizeof *v->classes);
    if (!v->classes) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu classes", tags->count);
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < tags->count; i++)
        status = eval_embed_class(handle, &tags->tags[i], m->n, v->classes + i * m->n);
    return status;
}

static int embed_captions(struct evaluation *e, struct ocelli *handle, struct eval_model *m) {
    const struct eval_input *in = &e->input;
    m->texts = calloc(in->text_count, m->n * sizeof *m->texts);
    if (!m->texts) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu captions", in->text_count);
    return eval_embed_texts(handle, in->texts, in->text_count, m->n, m->texts);
}

static void describe(struct eval_model *m, struct ocelli *handle) {
    struct ocelli_info info;
    ocelli_get_info(handle, &info);
    snprintf(m->name, sizeof m->name, "%s", info.model_name);
    snprintf(m->device, sizeof m->device, "%s", info.device_name);
    m->n = info.embedding_size;
    m->rule = score_rule_of(&info);
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
    struct eval_reading reading = {e->request->rule, e->request->quiet ? NULL : &e->progress};
    if (!status) status = eval_embed_pictures(handle, &e->input, &reading, m->n, &m->vectors);
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
