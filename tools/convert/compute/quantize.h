/* SPDX-License-Identifier: Apache-2.0
 * Float weights to int8 with one scale an output row. */
#ifndef CONVERT_QUANTIZE_H
#define CONVERT_QUANTIZE_H

#include "convert/compute/compensate.h"
#include "convert/report/report.h"
#include "op/cpu/thread_pool.h"

/* FILE, naming the tensor and the index, when a value is NaN or infinite. */
int quantize_check(const char *file, const char *name, const float *values, size_t count);

/* scale = max |w| / 127 of the row, integer = w / scale rounded to nearest, ties to even. A row
 * whose scale would not be a normal float (zeros, nearly) gets scale 0 and zeros. Finite values only.
 * rounded: (rows, columns); scales: (rows). */
void quantize_rows(const float *values, uint32_t rows, uint32_t columns, int8_t *rounded, float *scales);

/* How the weights of a product are rounded whose inputs are known. A few columns that meet far larger inputs than the
 * others (in the mean square, about their mean) make nearly all of a result's error. So of a row's scales between
 * max |w| / 127 and 1.3 times that, the one is taken by which those columns are nearly whole numbers. */
enum { QUANTIZE_HEAVY_MOST = 12 };
struct quantize_rule {
    uint32_t heavy[QUANTIZE_HEAVY_MOST], count; /* columns; 0: as quantize_rows() */
    float energies[QUANTIZE_HEAVY_MOST];        /* of their inputs */
    float rest;                                 /* sum of all others' */
};
/* energies: (columns), of the inputs. */
void quantize_rule_init(struct quantize_rule *rule, const float *energies, uint32_t columns);
float quantize_scale(const struct quantize_rule *rule, const float *row, uint32_t columns);

/* What is known of a product's inputs. */
struct quantize_inputs {
    const float *means, *variances;      /* (columns) */
    const struct compensate *compensate; /* columns make up for each other's rounding; NULL: not so */
};

/* value(row, i) * times[i] / over[row] is rounded; NULL: as if ones. */
struct quantize_weights {
    const float *values; /* (rows, columns) */
    uint32_t rows, columns;
    const float *times, *over; /* (columns), (rows) */
};

/* Both of quantize_rows() and quantize_error(), on all threads. With `inputs` by the rule above, and what rounding
 * changes in the results' mean is taken back by the `bias` (rows). inputs, bias: NULL where there are none. Errors:
 * MEMORY. */
int quantize_matrix(struct pool *pool, const struct quantize_weights *weights, const struct quantize_inputs *inputs,
                    int8_t *rounded, float *scales, float *bias, struct report_error *error);

/* The same for kernels over pixels, (3, side, side) each. What rounding changes in a number is handed on to its
 * neighbours to the right and below (Floyd and Steinberg), so that it is lost on what differs from pixel to pixel, of
 * which pictures have little, and not on colours and slopes. Errors: MEMORY. */
int quantize_kernels(struct pool *pool, const float *values, uint32_t rows, uint32_t side, int8_t *rounded,
                     float *scales, struct report_error *error);

void quantize_error(const float *values, uint32_t rows, uint32_t columns, const int8_t *rounded, const float *scales,
                    struct report_error *error);

#endif
