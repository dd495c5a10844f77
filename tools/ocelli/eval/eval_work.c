/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_work.h"
#include "base/log.h"
#include "ocelli/eval/eval_classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- templates and classes ---- */

static int make_set(struct evaluation *e, const struct prompts_list *templates, const char *name) {
    e->set_names[e->set_count] = name;
    return eval_classes_set(&e->sets[e->set_count++], &e->input, &e->files, templates);
}

static int make_sets(struct evaluation *e) {
    const struct eval_request *r = e->request;
    int status = OCELLI_OK;
    bool plain = r->templates.count || !r->sets.count;
    if (plain) status = make_set(e, &r->templates, r->templates.count ? "--template" : "no template");
    for (size_t i = 0; !status && i < r->sets.count; i++) {
        struct prompts_list *templates = arena_alloc(&e->input.arena, 1, sizeof *templates);
        if (!templates) return log_fail(OCELLI_ERR_MEMORY, "out of memory for templates");
        status = eval_templates_read(templates, &e->input.arena, r->sets.texts[i]);
        if (!status) status = make_set(e, templates, r->sets.texts[i]);
    }
    return status;
}

static int read_input(struct evaluation *e) {
    const struct eval_request *r = e->request;
    if (r->pairs) return eval_input_pairs(&e->input, r->dir, r->pairs);
    int status = tagset_files_read(&e->files, &r->tags);
    if (!status) status = eval_classes_read(&e->input, r->dir, r->labels, &e->files);
    return status ? status : make_sets(e);
}

/* ---- numbers ---- */

static int measure(struct evaluation *e, struct eval_variant *v) {
    const struct eval_input *in = &e->input;
    const struct score_rule *rule = &v->model->rule;
    size_t count = in->count, classes = in->class_count;
    v->cosines = calloc(count, classes * sizeof *v->cosines);
    if (!v->cosines) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures", count);
    eval_cosines(v->model->vectors, count, v->classes, classes, v->model->n, v->cosines);
    eval_calibrate(&v->plain, v->cosines, in->labels, count, classes, rule);
    v->temperature = eval_temperature(v->cosines, in->labels, count, classes, rule);
    struct score_rule fitted = score_rule_at(rule, v->temperature);
    eval_calibrate(&v->fitted, v->cosines, in->labels, count, classes, &fitted);
    return eval_metrics_init(&v->metrics, v->cosines, in->labels, count, classes);
}

static int compare_ranks(struct eval_difference *out, const size_t *first, const size_t *second, size_t count,
                         size_t top) {
    bool *rights = calloc(count, 2);
    if (!rights) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures", count);
    for (size_t i = 0; i < count; i++) rights[i] = first[i] < top, rights[count + i] = second[i] < top;
    int status = eval_bootstrap(out, rights, rights + count, count);
    free(rights);
    return status;
}

static int measure_classes(struct evaluation *e) {
    struct eval_result *r = &e->result;
    const struct eval_metrics *first = &r->variants[0].metrics;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < r->variant_count; i++) {
        struct eval_variant *v = &r->variants[i];
        status = measure(e, v);
        if (status || !i) continue;
        status = compare_ranks(&v->top1, first->rank, v->metrics.rank, e->input.count, 1);
        if (!status) status = compare_ranks(&v->top5, first->rank, v->metrics.rank, e->input.count, EVAL_TOP);
    }
    return status;
}

static int measure_pairs(struct evaluation *e) {
    struct eval_result *r = &e->result;
    const struct eval_input *in = &e->input;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < r->model_count; i++) {
        struct eval_model *m = &r->models[i];
        struct eval_pairs p = {m->vectors, m->texts, in->of, in->count, in->text_count, m->n};
        status = eval_retrieval_init(&m->retrieval, &p, &m->rule);
    }
    const struct eval_retrieval *a = &r->models[0].retrieval, *b = &r->models[1].retrieval;
    for (size_t k = 0; !status && r->model_count == 2 && k < EVAL_RECALLS; k++) {
        status = compare_ranks(&r->image[k], a->picture_rank, b->picture_rank, in->text_count, eval_recall_at[k]);
        if (!status) status = compare_ranks(&r->text[k], a->text_rank, b->text_rank, in->count, eval_recall_at[k]);
    }
    return status;
}

/* At most EVAL_DRAWN pictures, evenly from all, and their captions' first ones or the classes. */
static int fill_plane(struct evaluation *e) {
    struct eval_result *r = &e->result;
    const struct eval_input *in = &e->input;
    const struct eval_model *m = &r->models[0];
    size_t n = m->n, all = in->count < EVAL_DRAWN ? in->count : EVAL_DRAWN, texts = r->pairs ? all : in->class_count;
    float *vectors = calloc(all + texts, n * sizeof *vectors);
    r->xy = calloc(all + texts, 2 * sizeof *r->xy);
    r->drawn = calloc(all, sizeof *r->drawn);
    r->drawn_count = all, r->drawn_texts = texts;
    int status = vectors && r->xy && r->drawn ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for a plane");
    for (size_t i = 0; !status && i < all; i++) {
        size_t at = r->drawn[i] = i * in->count / all, text = 0;
        memcpy(vectors + i * n, m->vectors + at * n, n * sizeof *vectors);
        while (r->pairs && in->of[text] != at) text++;
        if (r->pairs) memcpy(vectors + (all + i) * n, m->texts + text * n, n * sizeof *vectors);
    }
    if (!status && !r->pairs) memcpy(vectors + all * n, r->variants[0].classes, texts * n * sizeof *vectors);
    if (!status) status = eval_plane(&r->plane, vectors, all, texts, n, r->xy);
    free(vectors);
    return status;
}

/* ---- all of it ---- */

static int keep_read(struct evaluation *e) {
    struct eval_result *r = &e->result;
    float *vectors[2] = {r->models[0].vectors, r->models[1].vectors};
    size_t n[2] = {r->models[0].n, r->models[1].n};
    return eval_input_keep(&e->input, vectors, n, r->model_count);
}

int eval_work(struct evaluation *e, const struct options *o) {
    const struct eval_request *r = e->request;
    int status = eval_outputs_begin(&r->outputs);
    if (!status) status = read_input(e);
    if (!status) status = eval_use_model(e, o, o->model);
    if (!status && r->against) status = eval_use_model(e, o, r->against);
    if (!status) status = keep_read(e);
    for (size_t i = 0; !status && r->pairs && i < e->result.model_count; i++)
        status = eval_use_captions(e, o, &e->result.models[i]);
    if (!status) eval_input_empty_classes(&e->input);
    if (!status) status = r->pairs ? measure_pairs(e) : measure_classes(e);
    if (!status) status = fill_plane(e);
    if (!status) status = eval_outputs_write(&r->outputs, &e->result);
    if (!status && !eval_outputs_to_stdout(&r->outputs)) eval_show(&e->result);
    return status;
}

void eval_work_finish(struct evaluation *e) {
    struct eval_result *r = &e->result;
    for (size_t i = 0; i < r->variant_count; i++) {
        free(r->variants[i].classes);
        free(r->variants[i].cosines);
        eval_metrics_finish(&r->variants[i].metrics);
    }
    for (size_t i = 0; i < r->model_count; i++) {
        free(r->models[i].vectors);
        free(r->models[i].texts);
        eval_retrieval_finish(&r->models[i].retrieval);
    }
    free(r->drawn);
    free(r->xy);
    for (size_t i = 0; i < e->set_count; i++) tagset_finish(&e->sets[i]);
    tagset_files_finish(&e->files);
    eval_input_finish(&e->input);
}
