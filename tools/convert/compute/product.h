/* SPDX-License-Identifier: Apache-2.0
 * Float products of whole matrices, on all cores, by the processor's widest vectors. */
#ifndef CONVERT_PRODUCT_H
#define CONVERT_PRODUCT_H

#include "op/cpu/thread_pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* out(t, r) = in(t) . weights(r) + bias(r) */
struct product {
    const float *weights;  /* (rows, columns), or NULL: ... */
    const int8_t *rounded; /* ... the same as int8 ... */
    const float *scales;   /* ... with a scale a row */
    const float *bias;     /* (rows), or NULL */
    uint32_t rows, columns;
    const float *in; /* (count, columns) */
    size_t count;
    float *out; /* (count, rows) */
};

/* Each number is summed in the same order, however many threads there are. Errors: MEMORY. */
int product_run(struct pool *pool, const struct product *product);

/* The kernels: sums of up to PRODUCT_ROWS rows times a panel, which has `columns` numbers for each of k, are written
 * or, with `more`, added. */
enum { PRODUCT_ROWS = 6, PRODUCT_COLUMNS_MOST = 16, PRODUCT_FOLLOW = 4 };
struct product_kernel {
    uint32_t columns;
    void (*tile)(const float *in, size_t stride, const float *panel, size_t k, uint32_t rows, float *sums, int more);
    /* panel(i, c) = weights(c, i), of i < k and as many rows as there are columns; the same of rounded ones. */
    void (*pack)(const float *weights, size_t stride, size_t k, float *panel);
    void (*pack_rounded)(const int8_t *rounded, const float *scales, size_t stride, size_t k, float *panel);
    /* errors(s) += inputs[s] * offs, then sums = sum of gains[s] * errors(s): (count, columns), columns numbers each;
     * count: a multiple of PRODUCT_FOLLOW. For compensate.c. */
    void (*follow)(float *errors, size_t count, const float *inputs, const float *offs, const float *gains,
                   float *sums);
};
extern const struct product_kernel product_plain, product_avx2;
/* The best of them here. */
const struct product_kernel *product_kernel(void);

#endif
