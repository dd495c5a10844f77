/* SPDX-License-Identifier: Apache-2.0
 * Float weights to int8 with one scale an output row. */
#ifndef CONVERT_QUANTIZE_H
#define CONVERT_QUANTIZE_H

#include "convert/report/report.h"
#include "op/cpu/thread_pool.h"

/* FILE, naming the tensor and the index, when a value is NaN or infinite. */
int quantize_check(const char *file, const char *name, const float *values, size_t count);

/* scale = max |w| / 127 of the row, integer = w / scale rounded to nearest, ties to even. A row
 * whose scale would not be a normal float (zeros, nearly) gets scale 0 and zeros. Finite values only.
 * rounded: (rows, columns); scales: (rows). */
void quantize_rows(const float *values, uint32_t rows, uint32_t columns, int8_t *rounded, float *scales);

/* Both of quantize_rows() and quantize_error(), on all threads. Errors: MEMORY. */
int quantize_matrix(struct pool *pool, const float *values, uint32_t rows, uint32_t columns, int8_t *rounded,
                    float *scales, struct report_error *error);

void quantize_error(const float *values, uint32_t rows, uint32_t columns, const int8_t *rounded, const float *scales,
                    struct report_error *error);

#endif
