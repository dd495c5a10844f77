/* SPDX-License-Identifier: Apache-2.0
 * Is one way better than another on the same pictures, or was it chance? */
#ifndef EVAL_BOOTSTRAP_H
#define EVAL_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>

enum { EVAL_RESAMPLES = 10000 };

struct eval_difference {
    double first, second;         /* shares of right answers */
    double difference, low, high; /* second less first, and where 95 % of the resamples lie */
    size_t only_first, only_second;
};

/* The paired bootstrap (Efron and Tibshirani 1993, chapter 13): each resample draws `count` pictures with replacement,
 * for both the same. first, second: (count), was it right. The seed is fixed, so the numbers are the same each time.
 * Errors: MEMORY. */
int eval_bootstrap(struct eval_difference *out, const bool *first, const bool *second, size_t count);

/* In words: is the second better? */
const char *eval_verdict(const struct eval_difference *difference);

#endif
