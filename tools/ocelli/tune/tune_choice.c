/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/tune/tune_choice.h"
#include "base/log.h"
#include "ocelli/common/splitmix64.h"
#include "ocelli/eval/eval_metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for templates");
}

/* ---- the split ---- */

static double uniform(uint64_t *state) {
    return (double)(splitmix64(state) >> 11) * 0x1p-53;
}

/* Each class's pictures in a random order; every 1/share-th is held out, from a random first one. */
void tune_split(bool *held, const size_t *labels, size_t count, size_t classes, double share) {
    uint64_t state = 20261128;
    for (size_t k = 0; k < classes; k++) {
        double sum = uniform(&state);
        size_t left = 0;
        for (size_t i = 0; i < count; i++) left += labels[i] == k;
        double quota = floor(sum + share * (double)left);
        for (size_t i = 0; i < count; i++) { /* selection sampling: Knuth, TAOCP 3.4.2, algorithm S */
            if (labels[i] != k) continue;
            held[i] = uniform(&state) * (double)left < quota;
            quota -= held[i];
            left--;
        }
    }
}

/* ---- one way ---- */

/* What a set of templates does: sums over its members. */
struct trial {
    const struct tune_data *data;
    float *cosines; /* (count, classes): sums of the members' */
    float *vectors; /* (classes, n): sums of the members' */
    bool *rights;   /* (count) */
    double *nll;    /* (count) */
};

static int trial_init(struct trial *t, const struct tune_data *d) {
    *t = (struct trial){.data = d};
    t->cosines = calloc(d->count, d->classes * sizeof *t->cosines);
    t->vectors = calloc(d->classes, d->n * sizeof *t->vectors);
    t->rights = calloc(d->count, sizeof *t->rights);
    t->nll = calloc(d->count, sizeof *t->nll);
    return t->cosines && t->vectors && t->rights && t->nll ? OCELLI_OK : out_of_memory();
}

static void trial_finish(struct trial *t) {
    free(t->cosines);
    free(t->vectors);
    free(t->rights);
    free(t->nll);
}

static void trial_add(struct trial *t, size_t candidate, float sign) {
    const struct tune_data *d = t->data;
    const float *cosines = d->cosines + candidate * d->count * d->classes;
    const float *vectors = d->prompts + candidate * d->classes * d->n;
    for (size_t i = 0; i < d->count * d->classes; i++) t->cosines[i] += sign * cosines[i];
    for (size_t i = 0; i < d->classes * d->n; i++) t->vectors[i] += sign * vectors[i];
}

/* The mean of unit vectors made unit length: its cosines are the sums over the length of the vectors' sum. */
static int trial_judge(struct trial *t) {
    const struct tune_data *d = t->data;
    float *row = calloc(d->classes, 2 * sizeof *row), *lengths = row + d->classes;
    if (!row) return out_of_memory();
    for (size_t k = 0; k < d->classes; k++) {
        double sum = 0;
        for (size_t j = 0; j < d->n; j++) sum += pow((double)t->vectors[k * d->n + j], 2);
        lengths[k] = (float)sqrt(sum);
    }
    for (size_t i = 0; i < d->count; i++) {
        for (size_t k = 0; k < d->classes; k++)
            row[k] = lengths[k] > 0 ? t->cosines[i * d->classes + k] / lengths[k] : 0;
        t->rights[i] = eval_rank(row, d->classes, d->labels[i]) == 0;
        t->nll[i] = score_rule_nll(&d->rule, row, d->classes, d->labels[i]);
    }
    free(row);
    return OCELLI_OK;
}

static void part_of(const struct trial *t, bool held, struct tune_part *p) {
    size_t right = 0;
    *p = (struct tune_part){.count = 0};
    for (size_t i = 0; i < t->data->count; i++) {
        if (t->data->held[i] != held) continue;
        p->count++, right += t->rights[i], p->nll += t->nll[i];
    }
    if (!p->count) return;
    p->top1 = (double)right / (double)p->count;
    p->nll /= (double)p->count;
}

static bool is_better(const struct tune_part *a, const struct tune_part *b) {
    return a->top1 > b->top1 || (a->top1 >= b->top1 && a->nll < b->nll - 1e-6);
}

/* ---- all ways ---- */

static int compare(struct tune_part *p, const struct trial *t, const bool *first, bool held) {
    const struct tune_data *d = t->data;
    bool *both = calloc(d->count, 2);
    size_t count = 0;
    if (!both) return out_of_memory();
    for (size_t i = 0; i < d->count; i++) {
        if (d->held[i] != held) continue;
        both[count] = first[i], both[d->count + count++] = t->rights[i];
    }
    int status = count ? eval_bootstrap(&p->against, both, both + d->count, count) : OCELLI_OK;
    free(both);
    return status;
}

/* The members are set. `first`: (count), what the first candidate has right. */
static int measure(struct tune_way *way, const struct tune_data *d, const bool *first) {
    struct trial t;
    int status = trial_init(&t, d);
    for (size_t i = 0; !status && i < way->count; i++) trial_add(&t, way->members[i], 1);
    if (!status) status = trial_judge(&t);
    if (!status) part_of(&t, false, &way->chosen), part_of(&t, true, &way->held);
    if (!status && first) status = compare(&way->chosen, &t, first, false);
    if (!status && first) status = compare(&way->held, &t, first, true);
    trial_finish(&t);
    return status;
}

static int first_rights(const struct tune_data *d, bool *rights) {
    struct trial t;
    int status = trial_init(&t, d);
    if (!status) trial_add(&t, 0, 1);
    if (!status) status = trial_judge(&t);
    if (!status) memcpy(rights, t.rights, d->count * sizeof *rights);
    trial_finish(&t);
    return status;
}

/* One more template, if one helps; *candidate is `candidates` else. */
static int grow(struct trial *t, const struct tune_way *way, struct tune_part *now, size_t *candidate) {
    size_t all = t->data->candidates;
    struct tune_part best = *now;
    int status = OCELLI_OK;
    *candidate = all;
    for (size_t c = 0; !status && c < all; c++) {
        struct tune_part part;
        bool taken = false;
        for (size_t i = 0; i < way->count; i++) taken = taken || way->members[i] == c;
        if (taken) continue;
        trial_add(t, c, 1);
        status = trial_judge(t);
        part_of(t, false, &part);
        if (!way->count && !best.count) best = part, *candidate = c;
        if (is_better(&part, &best)) best = part, *candidate = c;
        trial_add(t, c, -1);
    }
    *now = best;
    return status;
}

static int choose_ensemble(struct tune_way *way, const struct tune_data *d) {
    struct trial t;
    struct tune_part now = {.count = 0};
    int status = trial_init(&t, d);
    while (!status && way->count < TUNE_ENSEMBLE) {
        size_t more;
        status = grow(&t, way, &now, &more);
        if (status || more == d->candidates) break;
        way->members[way->count++] = more;
        trial_add(&t, more, 1);
    }
    trial_finish(&t);
    return status;
}

static int way_init(struct tune_way *way, size_t room, size_t first, size_t count) {
    way->members = calloc(room, sizeof *way->members);
    if (!way->members) return out_of_memory();
    for (size_t i = 0; i < count; i++) way->members[i] = first + i;
    way->count = count;
    return OCELLI_OK;
}

static int make_ways(struct tune_result *r, const struct tune_data *d) {
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < d->candidates; i++) status = way_init(&r->ways[i], 1, i, 1);
    if (!status) status = way_init(&r->ways[r->ensemble], TUNE_ENSEMBLE, 0, 0);
    if (!status) status = way_init(&r->ways[r->all], d->candidates, 0, d->candidates);
    return status ? status : choose_ensemble(&r->ways[r->ensemble], d);
}

static void sort(struct tune_result *r) {
    for (size_t i = 0; i < r->count; i++) {
        size_t at = i;
        for (; at && is_better(&r->ways[i].held, &r->ways[r->by_held[at - 1]].held); at--)
            r->by_held[at] = r->by_held[at - 1];
        r->by_held[at] = i;
    }
}

int tune_choose(struct tune_result *r, const struct tune_data *d) {
    *r = (struct tune_result){.count = d->candidates + 2, .ensemble = d->candidates, .all = d->candidates + 1};
    bool *first = calloc(d->count, sizeof *first);
    r->ways = calloc(r->count, sizeof *r->ways);
    r->by_held = calloc(r->count, sizeof *r->by_held);
    int status = first && r->ways && r->by_held ? first_rights(d, first) : out_of_memory();
    if (!status) status = make_ways(r, d);
    for (size_t i = 0; !status && i < r->count; i++) status = measure(&r->ways[i], d, first);
    for (size_t i = 1; !status && i < r->count; i++)
        if (is_better(&r->ways[i].chosen, &r->ways[r->winner].chosen)) r->winner = i;
    if (!status) sort(r);
    free(first);
    return status;
}

void tune_result_finish(struct tune_result *r) {
    for (size_t i = 0; r->ways && i < r->count; i++) free(r->ways[i].members);
    free(r->ways);
    free(r->by_held);
    *r = (struct tune_result){.count = 0};
}
