/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/tune/tune.h"
#include "base/log.h"
#include "ocelli/common/stream_save.h"
#include "ocelli/eval/eval_classes.h"
#include "ocelli/eval/eval_metrics.h"
#include "ocelli/tune/tune_templates.h"

#include <stdlib.h>
#include <string.h>

/* Cosines of all pictures with all classes through all templates are in memory. */
static const size_t MOST_BYTES = (size_t)1 << 30;

/* ---- what is tried ---- */

static bool has(const struct prompts_list *list, const char *text) {
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->texts[i], text)) return true;
    return false;
}

static int add_all(struct prompts_list *to, struct arena *arena, const struct prompts_list *from) {
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < from->count; i++)
        if (!has(to, from->texts[i])) status = prompts_add(to, arena, from->texts[i]);
    return status;
}

/* Own templates and adjectives stand in place of the built-in ones. */
static int list_candidates(struct tune *t) {
    const struct tune_request *r = t->request;
    struct arena *arena = &t->input.arena;
    struct prompts_list own = {.count = 0}, adjectives = r->adjectives;
    bool built_in = !r->files.count && !r->adjectives.count;
    int status =
        r->templates.count ? add_all(&t->candidates, arena, &r->templates) : prompts_add(&t->candidates, arena, "{}");
    for (size_t i = 0; !status && i < r->files.count; i++) {
        struct prompts_list file = {.count = 0};
        status = eval_templates_read(&file, arena, r->files.texts[i]);
        if (!status) status = add_all(&own, arena, &file);
    }
    if (!status && built_in) status = tune_templates_add(&own, arena);
    if (!status && built_in) status = tune_templates_adjectives(&adjectives, arena);
    for (size_t i = 0; !status && i < adjectives.count; i++)
        status = tune_templates_adjective(&own, arena, adjectives.texts[i]);
    if (!status) status = add_all(&t->candidates, arena, &own);
    if (!status && t->candidates.count < 2)
        status = log_fail(OCELLI_ERR_USAGE, "no template but \"%s\" to try: give others", t->candidates.texts[0]);
    return status;
}

static void warn_of_own(const struct tagset_files *files) {
    for (size_t f = 0; f < files->count; f++)
        for (size_t i = 0; i < files->files[f].count; i++)
            if (files->files[f].tags[i].templates.count) {
                log_warn("tag \"%s\" has templates of its own, which stay: no other is tried for it",
                         files->files[f].tags[i].name);
                return;
            }
}

static int check_size(const struct tune *t) {
    size_t each = t->input.count * t->input.class_count * sizeof(float), all = t->candidates.count;
    if (each <= MOST_BYTES / all) return OCELLI_OK;
    return log_fail(OCELLI_ERR_LIMIT, "%zu pictures, %zu classes and %zu templates need over 1 GiB: try fewer of one",
                    t->input.count, t->input.class_count, all);
}

/* ---- vectors ---- */

static int embed_candidate(struct tune *t, struct ocelli *handle, size_t at) {
    struct prompts_list one = {.texts = &t->candidates.texts[at], .count = 1};
    struct tagset set;
    float *to = t->prompts + at * t->input.class_count * t->data.n;
    int status = eval_classes_set(&set, &t->input, &t->files, &one);
    for (size_t k = 0; !status && k < set.count; k++)
        status = eval_embed_class(handle, &set.tags[k], t->data.n, to + k * t->data.n);
    tagset_finish(&set);
    if (t->progress.shown) progress_step(&t->progress, 1);
    return status;
}

static int embed_candidates(struct tune *t, struct ocelli *handle) {
    size_t all = t->candidates.count;
    int status = OCELLI_OK;
    t->prompts = calloc(all * t->input.class_count, t->data.n * sizeof *t->prompts);
    if (!t->prompts) return log_fail(OCELLI_ERR_MEMORY, "out of memory for prompts");
    if (!t->request->quiet && progress_possible()) progress_begin_of(&t->progress, all, "templates");
    for (size_t i = 0; !status && i < all; i++) status = embed_candidate(t, handle, i);
    if (t->progress.shown) progress_end(&t->progress);
    return status;
}

static int embed(struct tune *t, const struct options *o) {
    struct ocelli *handle = NULL;
    struct ocelli_info info;
    struct eval_reading reading = {t->request->rule, t->request->quiet ? NULL : &t->progress};
    int status = options_open(o, &handle);
    if (status) return status;
    ocelli_get_info(handle, &info);
    snprintf(t->model, sizeof t->model, "%s", info.model_name);
    snprintf(t->device, sizeof t->device, "%s", info.device_name);
    t->data.n = info.embedding_size, t->data.rule = score_rule_of(&info);
    status = embed_candidates(t, handle);
    if (!status) status = eval_embed_pictures(handle, &t->input, &reading, t->data.n, &t->vectors);
    ocelli_close(&handle);
    return status ? status : eval_input_keep(&t->input, &t->vectors, &t->data.n, 1);
}

/* ---- the choice ---- */

static int fill_data(struct tune *t) {
    struct tune_data *d = &t->data;
    size_t cells = t->input.count * t->input.class_count;
    d->candidates = t->candidates.count, d->count = t->input.count, d->classes = t->input.class_count;
    t->cosines = calloc(d->candidates, cells * sizeof *t->cosines);
    t->held = calloc(d->count, sizeof *t->held);
    if (!t->cosines || !t->held) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures", d->count);
    for (size_t c = 0; c < d->candidates; c++)
        eval_cosines(t->vectors, d->count, t->prompts + c * d->classes * d->n, d->classes, d->n,
                     t->cosines + c * cells);
    tune_split(t->held, t->input.labels, d->count, d->classes, (double)t->request->held_out / 100);
    d->cosines = t->cosines, d->prompts = t->prompts, d->labels = t->input.labels, d->held = t->held;
    for (size_t i = 0; i < d->count; i++) t->held_count += t->held[i];
    t->chosen_count = d->count - t->held_count;
    if (t->held_count && t->chosen_count) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%zu picture%s to choose on and %zu to measure on: label more pictures",
                    t->chosen_count, t->chosen_count == 1 ? "" : "s", t->held_count);
}

int tune_work(struct tune *t, const struct options *o) {
    const struct tune_request *r = t->request;
    int status = tagset_files_read(&t->files, &r->tags);
    if (!status) status = eval_classes_read(&t->input, r->dir, r->labels, &t->files);
    if (!status && t->input.class_count < 2)
        status = log_fail(OCELLI_ERR_FILE, "%s: has one class: there is nothing to tell apart", r->dir);
    if (!status) status = list_candidates(t);
    if (!status) status = check_size(t);
    if (!status) warn_of_own(&t->files);
    if (!status) status = embed(t, o);
    if (!status) eval_input_empty_classes(&t->input);
    if (!status) status = fill_data(t);
    if (!status) status = tune_choose(&t->result, &t->data);
    if (!status && r->output) status = stream_save(r->output, tune_write_ini, t);
    return status;
}

void tune_finish(struct tune *t) {
    free(t->vectors);
    free(t->prompts);
    free(t->cosines);
    free(t->held);
    tune_result_finish(&t->result);
    tagset_files_finish(&t->files);
    eval_input_finish(&t->input);
}
