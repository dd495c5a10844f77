/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/audit/audit_groups.h"
#include "base/log.h"
#include "ocelli/common/splitmix64.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t SEED = 20261129;

static double ratio(size_t part, size_t whole) {
    return whole ? (double)part / (double)whole : (double)NAN;
}

double audit_selection_rate(const struct audit_rates *r) {
    return ratio(r->selected, r->count);
}

/* As in Fairlearn, a rate is 0 in a group without pictures to divide by. */
static double ratio_or_0(const struct audit_rates *r, size_t part, size_t whole) {
    return r->count && !whole ? 0 : ratio(part, whole);
}

double audit_false_positive_rate(const struct audit_rates *r) {
    return ratio_or_0(r, r->selected - r->right_selected, r->count - r->positives);
}

double audit_false_negative_rate(const struct audit_rates *r) {
    return ratio_or_0(r, r->positives - r->right_selected, r->positives);
}

/* Not 1 less the false negative rate: without positives both are 0. */
static double true_positive_rate(const struct audit_rates *r) {
    return ratio_or_0(r, r->right_selected, r->positives);
}

/* Largest less smallest, of the groups that have pictures; NaN: of fewer than two. */
static double gap(const struct audit_rates *rates, size_t groups, double rate(const struct audit_rates *)) {
    double low = INFINITY, high = -INFINITY;
    size_t defined = 0;
    for (size_t g = 0; g < groups; g++) {
        double value = rate(&rates[g]);
        if (isnan(value)) continue;
        low = fmin(low, value), high = fmax(high, value);
        defined++;
    }
    return defined < 2 ? (double)NAN : high - low;
}

static double parity(const struct audit_rates *rates, size_t groups) {
    return gap(rates, groups, audit_selection_rate);
}

static double odds(const struct audit_rates *rates, size_t groups) {
    return fmax(gap(rates, groups, true_positive_rate), gap(rates, groups, audit_false_positive_rate));
}

/* ---- resampling ---- */

static double uniform(uint64_t *state) {
    return (double)(splitmix64(state) >> 11) * 0x1p-53;
}

static size_t binomial(uint64_t *state, size_t n, size_t k) {
    size_t sum = 0;
    double p = n ? (double)k / (double)n : 0;
    if (k == n || !k) return k;
    for (size_t i = 0; i < n; i++) sum += uniform(state) < p;
    return sum;
}

static void resample(struct audit_rates *to, const struct audit_rates *from, size_t groups, uint64_t *state) {
    for (size_t g = 0; g < groups; g++) {
        const struct audit_rates *r = &from[g];
        size_t right = binomial(state, r->positives, r->right_selected);
        size_t wrong = binomial(state, r->count - r->positives, r->selected - r->right_selected);
        to[g] = (struct audit_rates){r->count, r->positives, right + wrong, right};
    }
}

/* How many of the next `size` pictures are selected, of `*left` of which `*selected` are: without replacement. */
static size_t deal(uint64_t *state, size_t size, size_t *left, size_t *selected) {
    size_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        bool one = uniform(state) * (double)*left < (double)*selected;
        sum += one, *selected -= one;
        --*left;
    }
    return sum;
}

/* The groups' sizes stay. With `apart` the positives are dealt out by themselves. */
static void shuffle(struct audit_rates *to, const struct audit_rates *from, size_t groups, uint64_t *state,
                    bool apart) {
    size_t left = 0, selected = 0, positives = 0, right = 0;
    for (size_t g = 0; g < groups; g++) {
        left += from[g].count, selected += from[g].selected;
        positives += from[g].positives, right += from[g].right_selected;
    }
    if (apart) left -= positives, selected -= right;
    for (size_t g = 0; g < groups; g++) {
        const struct audit_rates *r = &from[g];
        to[g] = (struct audit_rates){.count = r->count, .positives = r->positives};
        if (apart) to[g].right_selected = deal(state, r->positives, &positives, &right);
        to[g].selected = to[g].right_selected + deal(state, r->count - (apart ? r->positives : 0), &left, &selected);
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t count, double share) {
    return sorted[(size_t)lround(share * (double)(count - 1))];
}

static int measure(struct audit_gap *out, const struct audit_fairness *f,
                   double difference(const struct audit_rates *, size_t), bool apart) {
    uint64_t state = SEED;
    double *all = calloc(AUDIT_RESAMPLES, sizeof *all);
    struct audit_rates *rates = calloc(f->groups, sizeof *rates);
    *out = (struct audit_gap){difference(f->rates, f->groups), (double)NAN, (double)NAN, (double)NAN};
    if (!all || !rates) {
        free(all);
        free(rates);
        return log_fail(OCELLI_ERR_MEMORY, "out of memory for %d resamples", AUDIT_RESAMPLES);
    }
    if (!isnan(out->value)) { /* then it is of each resample too: the sizes stay */
        for (size_t i = 0; i < AUDIT_RESAMPLES; i++) {
            resample(rates, f->rates, f->groups, &state);
            all[i] = difference(rates, f->groups);
        }
        qsort(all, AUDIT_RESAMPLES, sizeof *all, by_value);
        out->low = quantile(all, AUDIT_RESAMPLES, 0.025), out->high = quantile(all, AUDIT_RESAMPLES, 0.975);
        for (size_t i = 0; i < AUDIT_SHUFFLES; i++) {
            shuffle(rates, f->rates, f->groups, &state, apart);
            all[i] = difference(rates, f->groups);
        }
        qsort(all, AUDIT_SHUFFLES, sizeof *all, by_value);
        out->chance = quantile(all, AUDIT_SHUFFLES, 0.95);
    }
    free(all);
    free(rates);
    return OCELLI_OK;
}

int audit_groups_measure(struct audit_fairness *f, const bool *selected, const bool *positive, const size_t *group,
                         size_t count, size_t groups) {
    *f = (struct audit_fairness){.groups = groups};
    f->rates = calloc(groups, sizeof *f->rates);
    if (!f->rates) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu groups", groups);
    for (size_t i = 0; i < count; i++) {
        struct audit_rates *r = &f->rates[group[i]];
        bool of_class = positive && positive[i];
        r->count++, r->positives += of_class;
        r->selected += selected[i], r->right_selected += of_class && selected[i];
    }
    int status = measure(&f->parity, f, parity, false);
    if (positive) return status ? status : measure(&f->odds, f, odds, true);
    f->odds = (struct audit_gap){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    return status;
}

void audit_groups_finish(struct audit_fairness *f) {
    free(f->rates);
    *f = (struct audit_fairness){.groups = 0};
}

int audit_mean(struct audit_mean *out, const double *values, size_t count) {
    uint64_t state = SEED;
    double *all = calloc(AUDIT_RESAMPLES, sizeof *all);
    size_t resamples = count > 20000 ? AUDIT_RESAMPLES / 4 : AUDIT_RESAMPLES; /* a second at most */
    *out = (struct audit_mean){.value = 0};
    if (!all) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %d resamples", AUDIT_RESAMPLES);
    for (size_t i = 0; i < count; i++) {
        out->value += values[i] / (double)count;
        if (fabs(values[i]) > fabs(out->largest)) out->largest = values[i];
    }
    for (size_t r = 0; r < resamples; r++) {
        for (size_t i = 0; i < count; i++) all[r] += values[(size_t)(uniform(&state) * (double)count)];
        all[r] /= (double)count;
    }
    qsort(all, resamples, sizeof *all, by_value);
    out->low = quantile(all, resamples, 0.025), out->high = quantile(all, resamples, 0.975);
    free(all);
    return OCELLI_OK;
}
