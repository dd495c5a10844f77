/* SPDX-License-Identifier: Apache-2.0
 * Does a decision treat groups of pictures alike? Selection rate, false positive and false negative rate of each group,
 * and the differences that Fairlearn computes of them: demographic_parity_difference() and
 * equalized_odds_difference() with its default, the worst case. Floats only. */
#ifndef AUDIT_GROUPS_H
#define AUDIT_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

enum { AUDIT_RESAMPLES = 2000, AUDIT_SHUFFLES = 500 };

/* One group's pictures. */
struct audit_rates {
    size_t count, positives;         /* positives: those of the class */
    size_t selected, right_selected; /* right_selected: of the positives */
};

/* Largest less smallest rate, and how sure that is. NaN: not defined. */
struct audit_gap {
    double value;
    double low, high; /* 95 % of the resamples, of each group and class apart */
    double chance;    /* 95 % of the differences are smaller when the groups are dealt out at random */
};

struct audit_fairness {
    struct audit_rates *rates; /* (groups) */
    size_t groups;
    struct audit_gap parity; /* of the selection rates */
    struct audit_gap odds;   /* the larger one of the differences of the true and the false positive rate */
};

/* selected, positive, group: (count). positive: NULL without labels; then there are no odds. Errors: MEMORY. */
int audit_groups_measure(struct audit_fairness *fairness, const bool *selected, const bool *positive,
                         const size_t *group, size_t count, size_t groups);
/* Accepts a zeroed or failed one. */
void audit_groups_finish(struct audit_fairness *fairness);

/* NaN where there is nothing to divide by. */
double audit_selection_rate(const struct audit_rates *rates);
double audit_false_positive_rate(const struct audit_rates *rates);
double audit_false_negative_rate(const struct audit_rates *rates);

/* A mean of (count) differences and 95 % of its resamples. Errors: MEMORY. */
struct audit_mean {
    double value, low, high, largest; /* largest: by size, with its sign */
};
int audit_mean(struct audit_mean *mean, const double *values, size_t count);

#endif
