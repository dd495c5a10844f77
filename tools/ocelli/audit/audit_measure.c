/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "ocelli/audit/audit.h"
#include "ocelli/eval/eval_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(const struct audit *a) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures and %zu tags", a->input.count, a->set.count);
}

/* ---- scores ---- */

static void score_picture(const struct audit *a, struct audit_scores *s, size_t at) {
    size_t tags = a->set.count;
    const float *row = s->cosines + at * tags;
    score_rule_scores(&a->rule, row, tags, s->scores + at * tags);
    size_t best = eval_best(row, tags);
    for (size_t k = 0; k < tags; k++)
        s->selected[at * tags + k] = isnan(a->request->threshold) ? k == best : (double)row[k] >= a->request->threshold;
}

static int score(const struct audit *a, struct audit_scores *s, const float *texts) {
    size_t count = a->input.count, tags = a->set.count;
    *s = (struct audit_scores){calloc(count, tags * sizeof *s->cosines), calloc(count, tags * sizeof *s->scores),
                               calloc(count, tags * sizeof *s->selected)};
    if (!s->cosines || !s->scores || !s->selected) return out_of_memory(a);
    eval_cosines(a->vectors, count, texts, tags, a->n, s->cosines);
    for (size_t i = 0; i < count; i++) score_picture(a, s, i);
    return OCELLI_OK;
}

void audit_scores_finish(struct audit_scores *s) {
    free(s->cosines);
    free(s->scores);
    free(s->selected);
    *s = (struct audit_scores){NULL, NULL, NULL};
}

/* ---- pairs ---- */

static int shift_mean(struct audit_mean *out, const struct audit *a, const float *before, const float *after,
                      size_t tag) {
    size_t count = a->input.count, tags = a->set.count;
    double *values = calloc(count, sizeof *values);
    if (!values) return out_of_memory(a);
    for (size_t i = 0; i < count; i++) values[i] = (double)after[i * tags + tag] - (double)before[i * tags + tag];
    int status = audit_mean(out, values, count);
    free(values);
    return status;
}

static int measure_selection(const struct audit *a, const struct audit_scores *after, struct audit_shift *shift) {
    size_t count = a->input.count, tags = a->set.count;
    bool *both = calloc(count, 2);
    if (!both) return out_of_memory(a);
    for (size_t i = 0; i < count; i++) {
        both[i] = a->scores.selected[i * tags + shift->tag];
        both[count + i] = after->selected[i * tags + shift->tag];
    }
    int status = eval_bootstrap(&shift->selection, both, both + count, count);
    free(both);
    return status;
}

/* The largest shift of the score first. */
static int by_shift(const void *a, const void *b) {
    const struct audit_shift *x = a, *y = b;
    double p = fabs(x->score.value), q = fabs(y->score.value);
    if (p > q || p < q) return p > q ? -1 : 1;
    return x->tag < y->tag ? -1 : 1;
}

static int measure_swap(struct audit *a, struct audit_swap *s, const float *texts) {
    struct audit_scores after;
    size_t tags = a->set.count;
    int status = score(a, &after, texts);
    for (size_t i = 0; !status && i < s->count; i++) {
        struct audit_shift *shift = &s->shifts[i];
        status = shift_mean(&shift->cosine, a, a->scores.cosines, after.cosines, shift->tag);
        if (!status) status = shift_mean(&shift->score, a, a->scores.scores, after.scores, shift->tag);
        if (!status) status = measure_selection(a, &after, shift);
    }
    for (size_t i = 0; !status && i < a->input.count; i++)
        s->changed += memcmp(a->scores.selected + i * tags, after.selected + i * tags, tags * sizeof(bool)) != 0;
    audit_scores_finish(&after);
    if (!status) qsort(s->shifts, s->count, sizeof *s->shifts, by_shift);
    return status;
}

/* ---- groups ---- */

static int measure_tag(struct audit *a, size_t tag) {
    size_t count = a->input.count, tags = a->set.count;
    bool *flags = calloc(count, 2);
    if (!flags) return out_of_memory(a);
    for (size_t i = 0; i < count; i++) {
        flags[i] = a->scores.selected[i * tags + tag];
        flags[count + i] = a->input.labels[i] == tag;
    }
    int status = audit_groups_measure(&a->fairness[tag], flags, a->labelled ? flags + count : NULL, a->input.groups,
                                      count, a->input.group_count);
    free(flags);
    return status;
}

static void measure_accuracy(struct audit *a) {
    size_t tags = a->set.count;
    for (size_t g = 0; g < a->input.group_count; g++) {
        size_t all = 0, right = 0;
        for (size_t i = 0; i < a->input.count; i++) {
            if (a->input.groups[i] != g || a->input.labels[i] == EVAL_NO_CLASS) continue;
            all++, right += eval_best(a->scores.cosines + i * tags, tags) == a->input.labels[i];
        }
        a->accuracy[g] = all ? (double)right / (double)all : (double)NAN;
    }
}

static void sort(struct audit *a) {
    for (size_t i = 0; i < a->set.count; i++) {
        size_t at = i;
        for (; at && a->fairness[i].parity.value > a->fairness[a->by_gap[at - 1]].parity.value; at--)
            a->by_gap[at] = a->by_gap[at - 1];
        a->by_gap[at] = i;
    }
}

static int measure_groups(struct audit *a) {
    int status = OCELLI_OK;
    a->fairness = calloc(a->set.count, sizeof *a->fairness);
    a->by_gap = calloc(a->set.count, sizeof *a->by_gap);
    a->accuracy = calloc(a->input.group_count, sizeof *a->accuracy);
    if (!a->fairness || !a->by_gap || !a->accuracy) return out_of_memory(a);
    for (size_t k = 0; !status && k < a->set.count; k++) status = measure_tag(a, k);
    if (!status) measure_accuracy(a), sort(a);
    return status;
}

int audit_measure(struct audit *a) {
    int status = score(a, &a->scores, a->texts);
    for (size_t i = 0; !status && i < a->pairs.count; i++)
        status = measure_swap(a, &a->swaps[i], a->texts + (1 + i) * a->set.count * a->n);
    return status || !a->input.group_count ? status : measure_groups(a);
}
