/* SPDX-License-Identifier: Apache-2.0
 * Outlier channels: how much the rounding of a product's inputs to int8 costs, and how much less once channels that are
 * large are divided by a factor, by which the product's weights are multiplied (SmoothQuant, Xiao et al. 2023). What
 * makes the inputs takes the division: a LayerNorm's weight and bias, or the rows of attn_v. So the results are the
 * same, and nothing is left to do at run time. */
#ifndef CONVERT_CALIBRATE_H
#define CONVERT_CALIBRATE_H

#include "op/cpu/thread_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Some rows of a product's inputs. */
struct calibrate_sample {
    float *rows; /* (capacity, columns) */
    uint32_t columns;
    size_t count, capacity;
};

/* Its weights. */
struct calibrate_weights {
    const float *values; /* (rows, columns) */
    uint32_t rows, columns;
    bool has_bias; /* it takes back what rounding the weights changes in the mean */
};

enum calibrate_may {
    CALIBRATE_LEAVE,   /* nothing before the product can take factors */
    CALIBRATE_BALANCE, /* something can */
    CALIBRATE_SPARE,   /* so if there are outliers: a product so small that it costs nothing */
};

struct calibrate_choice {
    const char *how;      /* "none", "balanced 0.50", "outliers over 4" */
    double spread_before; /* the largest channel's range / the median one's */
    double spread_after;
    double noise_before; /* power of what rounding the inputs adds / power of the products' results */
    double noise_after;
    double weights_before, weights_after; /* the same of rounding the weights */
    bool outliers;                        /* a channel's range is far over the median one's */
    bool balanced;                        /* some factor is not 1 */
    bool float_inputs;                    /* the noise is too much, or they cost nothing: the inputs stay floats */
    float largest_factor;
    double ends, zeros; /* shares of int8 inputs that are -127 or 127, and of those that became 0 */
};

/* Over it the inputs of a product stay floats. */
extern const double calibrate_most_noise;

/* Chooses factors (columns), 1 where nothing is to be done. ranges: (2, columns), the channels' ranges before and
 * after, or NULL. Errors: MEMORY. */
int calibrate_choose(struct pool *pool, const struct calibrate_sample *sample, const struct calibrate_weights *weights,
                     enum calibrate_may may, float *factors, float *ranges, struct calibrate_choice *choice);

/* The same choice if the inputs stay floats, and the weights as they are: all factors are 1. */
void calibrate_keep_floats(struct calibrate_choice *choice);

/* What the product's weights are rounded by, once its inputs are divided by the factors (NULL: not so). (columns) each:
 * means and variances, or without a bias zeros and mean squares. */
void calibrate_inputs(const struct calibrate_sample *sample, const float *factors, bool has_bias, float *means,
                      float *energies);

/* out = row / factors */
void calibrate_divide(const float *row, uint32_t columns, const float *factors, float *out);

#endif
