/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/score.h"

#include <math.h>

float score_cosine(const float *a, const float *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * b[i];
    /* Rounding of the vectors may put it a little past 1. Written so that NaN stays NaN. */
    if (sum > 1) return 1;
    if (sum < -1) return -1;
    return (float)sum;
}

void score_softmax(const float *cosines, size_t count, float scale, float *scores) {
    double top = -INFINITY, sum = 0; /* less the largest: no exp() can overflow */
    for (size_t i = 0; i < count; i++) {
        double logit = (double)scale * cosines[i];
        if (logit > top) top = logit; /* not fmax(): gcc 12 for arm64 crashes when it makes vectors of it */
    }
    for (size_t i = 0; i < count; i++) sum += exp((double)scale * cosines[i] - top);
    for (size_t i = 0; i < count; i++) scores[i] = (float)(exp((double)scale * cosines[i] - top) / sum);
}

void score_sigmoid(const float *cosines, size_t count, float scale, float bias, float *scores) {
    for (size_t i = 0; i < count; i++) {
        double logit = (double)scale * cosines[i] + bias;
        scores[i] = (float)(1 / (1 + exp(-logit))); /* exp() may give infinity, the quotient is then 0 */
    }
}
