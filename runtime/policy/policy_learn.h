/* SPDX-License-Identifier: Apache-2.0
 * From what ordinary pictures were seen to give to a threshold that at most a wanted share of others reaches, and how
 * sure that is. Exact for any distribution, as long as the pictures are drawn alike and independently; pictures of one
 * video are not. */
#ifndef POLICY_LEARN_H
#define POLICY_LEARN_H

#include <stdbool.h>
#include <stddef.h>

/* An interval that holds the truth in 95 of 100 cases. */
struct policy_interval {
    double low, high;
};

struct policy_level {
    double threshold;              /* has six decimals, so that it is the same when it was written and read */
    size_t count, over;            /* values; of them those that reach it */
    struct policy_interval others; /* the share of other pictures that reaches it */
};

/* The budget may be exceeded by so much, and no more, at the upper end of the interval. */
#define POLICY_SLACK 1.5

/* From values (count), which are sorted. budget: 0..0.5, a share. The expected share of others that reaches the
 * threshold is the budget or less. The upper end of the interval is POLICY_SLACK budgets or less. false: there are too
 * few values for that, see policy_learn_needs(). Then *level is a threshold that no value reaches. */
bool policy_learn(double *values, size_t count, double budget, struct policy_level *level);

/* How many values policy_learn() needs at least. */
size_t policy_learn_needs(double budget);

/* `over` of `count` values reach a level that was known beforehand. The interval is of the share of others that does:
 * Clopper and Pearson's (1934). count: at least 1. */
struct policy_interval policy_learn_share(size_t over, size_t count);

#endif
