/* SPDX-License-Identifier: Apache-2.0
 * Inside of runtime/op/cpu: the tiles of kernels.h, a file for each set of instructions; and the row functions, one
 * source (rows.inc) compiled for each. */
#ifndef OP_CPU_TILES_H
#define OP_CPU_TILES_H

#include "op/cpu/kernels.h"

enum { CPU_PLAIN_COLUMNS = 16 };

#define DOT_TILE(name)                                                                                                 \
    void name(const void *in, size_t row_bytes, const int8_t *panel, uint32_t steps, uint32_t rows, int32_t *sums)
#define FLOAT_TILE(name)                                                                                               \
    void name(const float *in, size_t stride, const int8_t *panel, uint32_t k, uint32_t rows, float *sums)

/* A row of CPU_CLIPPED inputs. */
void clip_row_avx2(const int8_t *row, uint32_t padded, int8_t *to, struct cpu_clipped *clipped);

DOT_TILE(dot_plain);
DOT_TILE(dot_avx2);
DOT_TILE(dot_avx_vnni);
DOT_TILE(dot_avx512_vnni);
DOT_TILE(dot_neon);
DOT_TILE(dot_dotprod);
DOT_TILE(dot_i8mm);
FLOAT_TILE(float_plain);
FLOAT_TILE(float_avx2);
FLOAT_TILE(float_avx512);
FLOAT_TILE(float_neon);

extern const struct cpu_rows rows_plain, rows_avx2, rows_avx512;
extern const struct cpu_pixels pixels_plain, pixels_avx2;

static inline uint32_t cpu_clip8(int32_t sum) {
    int32_t v = sum >> CPU_PIXEL_BITS;
    return (uint32_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Weights of output pixel x that are of the picture. */
static inline uint32_t cpu_taps(const struct cpu_axis *axis, uint32_t x, uint32_t width) {
    uint32_t left = width - (uint32_t)axis->first[x];
    return axis->taps < left ? axis->taps : left;
}

/* cpu_pixels.down() of the bytes from `from` on. */
static inline void cpu_down_rest(const uint8_t *rows, size_t stride, const int32_t *weight, uint32_t taps,
                                 uint32_t from, uint32_t count, uint8_t *out) {
    for (uint32_t i = from; i < count; i++) {
        int32_t sum = CPU_PIXEL_HALF;
        for (uint32_t t = 0; t < taps; t++) sum += weight[t] * rows[t * stride + i];
        out[i] = (uint8_t)cpu_clip8(sum);
    }
}

#endif
