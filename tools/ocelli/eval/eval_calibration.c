/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_calibration.h"
#include "ocelli/common/score_rule.h"
#include "ocelli/eval/eval_metrics.h"

#include <math.h>

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
                    size_t classes, const struct score_rule *rule) {
    *c = (struct eval_calibration){.ece = 0};
    for (size_t i = 0; i < count; i++) {
        const float *row = cosines + i * classes;
        size_t at = eval_best(row, classes);
        double confidence = score_rule_score(rule, row, classes, at);
        struct eval_bin *b = &c->bins[bin_of(confidence)];
        b->count++;
        b->confidence += confidence;
        b->accuracy += at == labels[i];
        c->confidence += confidence / (double)count;
        c->nll += score_rule_nll(rule, row, classes, labels[i]) / (double)count;
    }
    measure(c, count);
}

/* Of the nll by the temperature's logarithm. The nll is convex in 1 / T, so it changes sign once, from - to +. */
static double slope(const float *cosines, const size_t *labels, size_t count, size_t classes,
                    const struct score_rule *rule) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += score_rule_nll_slope(rule, cosines + i * classes, classes, labels[i]);
    return sum;
}

double eval_temperature(const float *cosines, const size_t *labels, size_t count, size_t classes,
                        const struct score_rule *rule) {
    double low = log(EVAL_TEMPERATURE_LEAST), high = log(EVAL_TEMPERATURE_MOST);
    for (int i = 0; i < 50; i++) {
        double middle = (low + high) / 2;
        struct score_rule at = score_rule_at(rule, exp(middle));
        if (slope(cosines, labels, count, classes, &at) < 0)
            low = middle; /* the logits are too large */
        else
            high = middle;
    }
    return exp((low + high) / 2);
}
