/* SPDX-License-Identifier: Apache-2.0
 * Do a classifier's scores mean what they say? The expected calibration error (Guo et al. 2017, arXiv 1706.04599) and
 * the temperature that mends it. */
#ifndef EVAL_CALIBRATION_H
#define EVAL_CALIBRATION_H

#include <stddef.h>

struct score_rule;

enum { EVAL_BINS = 15 };
/* Beyond these a temperature is not looked for: all answers are right, or as good as guessed. */
#define EVAL_TEMPERATURE_LEAST 0.01
#define EVAL_TEMPERATURE_MOST 100.0

struct eval_bin {
    double confidence, accuracy; /* means; 0 in an empty bin */
    size_t count;
};

struct eval_calibration {
    struct eval_bin bins[EVAL_BINS]; /* of equal width; a confidence on an edge belongs to the lower one */
    double ece, rms_ce, mce;         /* gap of confidence and accuracy: mean, root of the mean square, largest */
    double nll;                      /* mean negative log-likelihood of a picture; score_rule_nll() */
    double confidence;               /* mean */
};

/* Compares the scores with the labels. cosines: (count, classes); labels: (count). A picture's confidence is the score
 * of its best class. */
void eval_calibrate(struct eval_calibration *calibration, const float *cosines, const size_t *labels, size_t count,
                    size_t classes, const struct score_rule *rule);

/* The temperature T with the lowest nll of the scores of logits / T, within the limits above. */
double eval_temperature(const float *cosines, const size_t *labels, size_t count, size_t classes,
                        const struct score_rule *rule);

#endif
