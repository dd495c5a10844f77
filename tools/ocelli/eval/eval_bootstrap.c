/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_bootstrap.h"
#include "base/log.h"
#include "ocelli/common/splitmix64.h"

#include <math.h>
#include <stdlib.h>

static double uniform(uint64_t *state) {
    return (double)(splitmix64(state) >> 11) * 0x1p-53;
}

/* Only pictures that one way has right and the other wrong change the difference, so a draw is of three kinds. */
static double resample(uint64_t *state, size_t count, size_t only_first, size_t only_second) {
    double losses = (double)only_first / (double)count, both = losses + (double)only_second / (double)count;
    long sum = 0;
    for (size_t i = 0; i < count; i++) {
        double u = uniform(state);
        sum += u < losses ? -1 : u < both ? 1 : 0;
    }
    return (double)sum / (double)count;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int eval_bootstrap(struct eval_difference *out, const bool *first, const bool *second, size_t count) {
    uint64_t state = 20261128;
    size_t rights[2] = {0, 0};
    *out = (struct eval_difference){.low = 0};
    for (size_t i = 0; i < count; i++) {
        rights[0] += first[i], rights[1] += second[i];
        out->only_first += first[i] && !second[i];
        out->only_second += second[i] && !first[i];
    }
    double *all = calloc(EVAL_RESAMPLES, sizeof *all);
    if (!all) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %d resamples", EVAL_RESAMPLES);
    size_t resamples = count > 20000 ? EVAL_RESAMPLES / 10 : EVAL_RESAMPLES; /* some seconds at most */
    for (size_t i = 0; i < resamples; i++) all[i] = resample(&state, count, out->only_first, out->only_second);
    qsort(all, resamples, sizeof *all, by_value);
    out->first = (double)rights[0] / (double)count, out->second = (double)rights[1] / (double)count;
    out->difference = out->second - out->first;
    out->low = all[(size_t)(0.025 * (double)(resamples - 1))];
    out->high = all[(size_t)ceil(0.975 * (double)(resamples - 1))];
    free(all);
    return OCELLI_OK;
}

const char *eval_verdict(const struct eval_difference *d) {
    return d->low > 0 ? "better" : d->high < 0 ? "worse" : "no difference seen";
}
