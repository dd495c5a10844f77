/* SPDX-License-Identifier: Apache-2.0
 * What the towers of reference.c are made of. All run on the threads of a pool. */
#ifndef CONVERT_REFERENCE_OPS_H
#define CONVERT_REFERENCE_OPS_H

#include "convert/compute/reference.h"

/* LayerNorm of rows of `width`; norm: weight and bias; out may be in. */
void ops_norm(struct pool *pool, const float *in, float *const norm[2], size_t rows, uint32_t width, double epsilon,
              float *out);
/* In place. */
void ops_activate(struct pool *pool, enum config_activation activation, float *x, size_t rows, uint32_t width);
/* To int8 with a scale a row and back, as the runtime's products take their inputs. */
void ops_round(struct pool *pool, const float *in, size_t rows, uint32_t width, float *out);
void ops_add(float *to, const float *from, size_t count);

/* softmax(q k^T / sqrt(E)) v of each head of each sequence. qkv: (rows, 3 width); out: (rows, width). */
struct ops_attention {
    const float *qkv;
    float *out;
    const size_t *first; /* (sequences + 1): where each begins, and the last one ends */
    size_t sequences;
    uint32_t width, heads;
    bool causal;
};
int ops_attend(struct pool *pool, const struct ops_attention *attention);

#endif
