/* SPDX-License-Identifier: Apache-2.0
 * SMMLA (Cortex-A78C, X1C, Neoverse V1 and newer): two rows by two columns, eight numbers of K at once. Six rows by 16 columns
 * hold 24 of 32 registers. */
#include "op/cpu/tiles.h"

#include <arm_neon.h>

enum { PAIRS = 8 }; /* of columns */

static inline int8x16_t two_rows(const int8_t *x, const int8_t *y) {
    return vcombine_s8(vld1_s8(x), vld1_s8(y));
}

static inline void keep(int32_t *upper, int32_t *lower, int32x4_t sum) {
    vst1_s32(upper, vget_low_s32(sum));
    if (lower) vst1_s32(lower, vget_high_s32(sum));
}

/* Of `pairs` pairs of rows; the last one may be a row and its copy, of which one is kept. */
static inline void rows_of(const int8_t *in, size_t stride, const int8_t *w, uint32_t steps, uint32_t rows, uint32_t pairs,
                           int32_t *sums) {
    int32x4_t s[3][PAIRS];
    const int8_t *x[6];
    for (uint32_t r = 0; r < 2 * pairs; r++) x[r] = in + (r < rows ? r : rows - 1) * stride;
    for (uint32_t p = 0; p < pairs; p++)
        for (int c = 0; c < PAIRS; c++) s[p][c] = vdupq_n_s32(0);
    for (uint32_t k = 0; k < steps; k++, w += 16 * PAIRS) {
        int8x16_t a[3];
        for (uint32_t p = 0; p < pairs; p++) a[p] = two_rows(x[2 * p] + 8 * k, x[2 * p + 1] + 8 * k);
        for (int c = 0; c < PAIRS; c++) {
            int8x16_t b = vld1q_s8(w + 16 * c);
            for (uint32_t p = 0; p < pairs; p++) s[p][c] = vmmlaq_s32(s[p][c], a[p], b);
        }
    }
    for (uint32_t p = 0; p < pairs; p++)
        for (int c = 0; c < PAIRS; c++) {
            int32_t *to = sums + 32 * p + 2 * c;
            keep(to, 2 * p + 1 < rows ? to + 16 : NULL, s[p][c]);
        }
}

DOT_TILE(dot_i8mm) {
    switch ((rows + 1) / 2) {
    case 1: rows_of(in, row_bytes, panel, steps, rows, 1, sums); break;
    case 2: rows_of(in, row_bytes, panel, steps, rows, 2, sums); break;
    default: rows_of(in, row_bytes, panel, steps, rows, 3, sums); break;
    }
}
