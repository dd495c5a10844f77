/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_calibration.h"
#include "ocelli/eval/eval_metrics.h"

#include <math.h>

double eval_log_sum(const float *row, size_t classes, double scale) {
    double most = scale * (double)row[eval_best(row, classes)], sum = 0;
    for (size_t i = 0; i < classes; i++) sum += exp(scale * (double)row[i] - most);
    return most + log(sum);
}

static size_t bin_of(double confidence) {
    double bin = ceil(confidence * EVAL_BINS) - 1;
    return bin < 0 ? 0 : bin >= EVAL_BINS ? EVAL_BINS - 1 : (size_t)bin;
}

static void measure(struct eval_calibration *c, size_t count) {
    for (size_t i = 0; i < EVAL_BINS; i++) {
        struct eval_bin *b = &c->bins[i];
        if (!b->count) continue;
        b->confidence /= (double)b->count;
        b->accuracy /= (double)b->count;
        double gap = fabs(b->confidence - b->accuracy), weight = (double)b->count / (double)count;
        c->ece += weight * gap;
        c->rms_ce += weight * gap * gap;
        c->mce = fmax(c->mce, gap);
    }
    c->rms_ce = sqrt(c->rms_ce);
}

void eval_calibrate(struct eval_calibration *c, const float *cosines, const size_t *labels, size_t count,
                    size_t classes, double scale) {
    *c = (struct eval_calibration){.ece = 0};
    for (size_t i = 0; i < count; i++) {
        const float *row = cosines + i * classes;
        size_t at = eval_best(row, classes);
        double log_sum = eval_log_sum(row, classes, scale), confidence = exp(scale * (double)row[at] - log_sum);
        struct eval_bin *b = &c->bins[bin_of(confidence)];
        b->count++;
        b->confidence += confidence;
        b->accuracy += at == labels[i];
        c->confidence += confidence / (double)count;
        c->nll += (log_sum - scale * (double)row[labels[i]]) / (double)count;
    }
    measure(c, count);
}

/* The mean cosine that softmax(scale * row) expects. */
static double expected(const float *row, size_t classes, double scale) {
    double log_sum = eval_log_sum(row, classes, scale), mean = 0;
    for (size_t i = 0; i < classes; i++) mean += exp(scale * (double)row[i] - log_sum) * (double)row[i];
    return mean;
}

/* Of the nll by the scale. It grows with the scale, as the nll is convex in it. */
static double slope(const float *cosines, const size_t *labels, size_t count, size_t classes, double scale) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const float *row = cosines + i * classes;
        sum += expected(row, classes, scale) - (double)row[labels[i]];
    }
    return sum;
}

double eval_temperature(const float *cosines, const size_t *labels, size_t count, size_t classes, double scale) {
    double low = log(EVAL_TEMPERATURE_LEAST), high = log(EVAL_TEMPERATURE_MOST);
    for (int i = 0; i < 50; i++) {
        double middle = (low + high) / 2;
        if (slope(cosines, labels, count, classes, scale / exp(middle)) > 0)
            low = middle; /* the scale is too large */
        else
            high = middle;
    }
    return exp((low + high) / 2);
}
