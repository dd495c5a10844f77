/* SPDX-License-Identifier: Apache-2.0
 * Every op in plain C and double: what the shaders are judged by. Rows are packed (stride = width). */
#ifndef REF_H
#define REF_H

#include "op/op.h"

/* out[m][n] (+)= activation(scale[n] * sum_k in[m][k] weights[n][k] + bias[n]) */
void ref_linear(const double *in, const int8_t *weights, const float *scales, const float *bias, uint32_t rows,
                uint32_t columns, uint32_t k, enum op_activation activation, bool add, double *out);
/* In place: what int8 with a scale a row keeps of the rows. */
void ref_quantize(double *rows, uint32_t count, uint32_t width);
void ref_norm(const double *in, const float *weight, const float *bias, uint32_t rows, uint32_t width, double epsilon,
              double *out);
/* qkv: (sequences * tokens, 3 width) */
void ref_attention(const double *qkv, uint32_t sequences, uint32_t tokens, uint32_t width, uint32_t heads, bool causal,
                   double *out);

double ref_activate(enum op_activation activation, double x);

#endif
