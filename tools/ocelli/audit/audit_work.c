/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "ocelli/audit/audit.h"
#include "ocelli/eval/eval_classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for prompts");
}

/* ---- pictures and tags ---- */

/* Tags of the command line; without any the classes of the pictures are the tags. */
static int read_input(struct audit *a) {
    const struct audit_request *r = a->request;
    struct tagset_source source = {.texts = r->texts, .templates = r->templates, .read = &a->files};
    bool known = r->texts.count || r->tags.count;
    a->input.lenient = true;
    int status = tagset_files_read(&a->files, &r->tags);
    if (!status && known) status = tagset_init(&a->set, &source);
    if (!status && r->labels)
        status = eval_input_labels(&a->input, r->dir, r->labels, known ? &a->set : NULL);
    else if (!status && known)
        status = eval_input_all(&a->input, r->dir);
    else if (!status)
        status = eval_input_folders(&a->input, r->dir, NULL);
    if (status || known) return status;
    if (!a->input.class_count)
        return log_fail(OCELLI_ERR_FILE, "%s: has no classes: tell what to look for with -t or -T", r->labels);
    return eval_classes_set(&a->set, &a->input, &a->files, &r->templates);
}

static int check_input(const struct audit *a) {
    if (a->set.count < 2 && isnan(a->request->threshold))
        return log_fail(OCELLI_ERR_USAGE, "one tag is always the best one: give more tags, or --threshold");
    if (a->request->labels && a->input.group_count == 1 && !a->request->pairs)
        return log_fail(OCELLI_ERR_FILE, "%s: all pictures are of one group, \"%s\": there is nothing to compare",
                        a->request->labels, a->input.group_names[0]);
    if (!a->request->pairs && !a->input.group_count)
        return log_fail(OCELLI_ERR_USAGE, "%s: has no column \"group\": name one in its first line, or give --pairs",
                        a->request->labels);
    return OCELLI_OK;
}

/* ---- swapped prompts ---- */

/* The tag's prompts with the pair's words swapped; *shift tells the first that changed. 1: none did. */
static int swap_tag(struct audit_swap *s, const struct tagset *from, size_t tag, struct audit_shift *shift) {
    const struct ocelli_tag *t = &from->tags[tag];
    const char **prompts = arena_alloc(&s->set.arena, t->prompt_count, sizeof *prompts);
    if (!prompts) return out_of_memory();
    *shift = (struct audit_shift){.tag = tag};
    for (size_t i = 0; i < t->prompt_count; i++) {
        const char *swapped;
        int status = audit_pairs_swap(&swapped, &s->set.arena, s->pair, t->prompts[i]);
        if (status) return status;
        prompts[i] = swapped ? swapped : t->prompts[i];
        if (swapped && !shift->prompt) shift->prompt = t->prompts[i], shift->swapped = swapped;
    }
    s->set.tags[s->set.count++] = (struct ocelli_tag){t->name, prompts, t->prompt_count};
    return shift->prompt ? OCELLI_OK : 1;
}

static int swap_tags(struct audit_swap *s, const struct tagset *from) {
    s->set.tags = arena_alloc(&s->set.arena, from->count, sizeof *s->set.tags);
    s->shifts = arena_alloc(&s->set.arena, from->count, sizeof *s->shifts);
    if (!s->set.tags || !s->shifts) return out_of_memory();
    for (size_t i = 0; i < from->count; i++) {
        int status = swap_tag(s, from, i, &s->shifts[s->count]);
        if (status < 0) return status;
        s->count += status == OCELLI_OK;
    }
    return OCELLI_OK;
}

static int make_swaps(struct audit *a) {
    const struct audit_request *r = a->request;
    size_t used = 0;
    if (!r->pairs) return OCELLI_OK;
    int status = audit_pairs_read(&a->pairs, r->pairs);
    if (status) return status;
    a->swaps = calloc(a->pairs.count, sizeof *a->swaps);
    if (!a->swaps) return out_of_memory();
    for (size_t i = 0; !status && i < a->pairs.count; i++) {
        struct audit_swap *s = &a->swaps[i];
        s->pair = &a->pairs.pairs[i];
        status = swap_tags(s, &a->set);
        used += s->count > 0;
        if (!status && !s->count)
            log_warn("%s: neither \"%s\" nor \"%s\" is a word of a prompt", r->pairs, s->pair->first, s->pair->second);
    }
    if (status || used) return status;
    return log_fail(OCELLI_ERR_FILE, "%s: no prompt has a word of a pair: there is nothing to swap", r->pairs);
}

/* ---- vectors ---- */

static int embed_set(struct audit *a, struct ocelli *handle, const struct tagset *set, float *to) {
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < set->count; i++)
        status = eval_embed_class(handle, &set->tags[i], a->n, to + i * a->n);
    return status;
}

/* Prompts that a pair does not change are as before. */
static int embed_swap(struct audit *a, struct ocelli *handle, const struct audit_swap *s, float *to) {
    int status = OCELLI_OK;
    memcpy(to, a->texts, a->set.count * a->n * sizeof *to);
    for (size_t i = 0; !status && i < s->count; i++) {
        size_t tag = s->shifts[i].tag;
        status = eval_embed_class(handle, &s->set.tags[tag], a->n, to + tag * a->n);
    }
    return status;
}

static int embed(struct audit *a, const struct options *o) {
    struct ocelli *handle = NULL;
    struct ocelli_info info;
    struct eval_reading reading = {a->request->rule, a->request->quiet ? NULL : &a->progress};
    int status = options_open(o, &handle);
    if (status) return status;
    ocelli_get_info(handle, &info);
    snprintf(a->model, sizeof a->model, "%s", info.model_name);
    snprintf(a->device, sizeof a->device, "%s", info.device_name);
    a->n = info.embedding_size, a->rule = score_rule_of(&info);
    a->texts = calloc((1 + a->pairs.count) * a->set.count, a->n * sizeof *a->texts);
    status = a->texts ? embed_set(a, handle, &a->set, a->texts) : out_of_memory();
    for (size_t i = 0; !status && i < a->pairs.count; i++)
        status = embed_swap(a, handle, &a->swaps[i], a->texts + (1 + i) * a->set.count * a->n);
    if (!status) status = eval_embed_pictures(handle, &a->input, &reading, a->n, &a->vectors);
    ocelli_close(&handle);
    return status ? status : eval_input_keep(&a->input, &a->vectors, &a->n, 1);
}

/* ---- what may surprise ---- */

static void warn_of_groups(const struct audit *a) {
    for (size_t g = 0; g < a->input.group_count; g++) {
        size_t count = 0;
        for (size_t i = 0; i < a->input.count; i++) count += a->input.groups[i] == g;
        if (count < 2)
            log_warn("group \"%s\" has %s: its rates say nothing", a->input.group_names[g],
                     count ? "one picture" : "no picture that can be read");
    }
}

static void warn_of_labels(struct audit *a) {
    size_t other = 0, empty = 0, first = 0;
    for (size_t i = 0; i < a->input.count; i++) other += a->input.labels[i] == EVAL_NO_CLASS;
    a->labelled = other < a->input.count;
    if (!a->labelled) return;
    if (other)
        log_warn("%zu picture%s a label that is no tag: for each tag %s wrong to select", other,
                 other == 1 ? " has" : "s have", other == 1 ? "it is" : "they are");
    for (size_t k = 0; k < a->set.count; k++) {
        bool any = false;
        for (size_t i = 0; !any && i < a->input.count; i++) any = a->input.labels[i] == k;
        if (!any && !empty++) first = k;
    }
    if (empty)
        log_warn("%zu tag%s no picture, the first is \"%s\": there is no false negative rate", empty,
                 empty == 1 ? " has" : "s have", a->set.tags[first].name);
}

int audit_work(struct audit *a, const struct options *o) {
    int status = read_input(a);
    if (!status) status = check_input(a);
    if (!status) status = make_swaps(a);
    if (!status) status = embed(a, o);
    if (!status) warn_of_groups(a), warn_of_labels(a);
    return status ? status : audit_measure(a);
}

void audit_finish(struct audit *a) {
    for (size_t i = 0; a->swaps && i < a->pairs.count; i++) tagset_finish(&a->swaps[i].set);
    for (size_t i = 0; a->fairness && i < a->set.count; i++) audit_groups_finish(&a->fairness[i]);
    audit_scores_finish(&a->scores);
    free(a->swaps);
    free(a->fairness);
    free(a->accuracy);
    free(a->by_gap);
    free(a->vectors);
    free(a->texts);
    audit_pairs_finish(&a->pairs);
    tagset_finish(&a->set);
    tagset_files_finish(&a->files);
    eval_input_finish(&a->input);
}
