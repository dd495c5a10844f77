/* SPDX-License-Identifier: Apache-2.0
 * Float dot products at the speed of the processor's vectors. */
#ifndef CONVERT_PRODUCT_H
#define CONVERT_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

float product(const float *a, const float *b, size_t count);

/* out[t * stride] = weights . in[t] + bias for `rows` rows of `count` numbers. */
void product_rows(const float *weights, const float *in, size_t count, size_t rows, float bias, float *out,
                  size_t stride);

#endif
