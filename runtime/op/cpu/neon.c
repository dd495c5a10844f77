/* SPDX-License-Identifier: Apache-2.0
 * NEON without dot products (Cortex-A72): two products of int8 fit into an int16, 2 * 127 * 127, before they go to int32.
 * A panel holds 8 numbers of K of each column; the four sums of a lane are added up at the end. */
#include "op/cpu/rows_of.h"
#include "op/cpu/tiles.h"

#include <arm_neon.h>

/* Columns of a pass: with two rows 16 of 32 registers hold sums. */
enum { PASS = 8, COLUMNS = 16 };

static void dot1(const int8_t *x, const int8_t *panel, uint32_t steps, int32_t *sums) {
    for (uint32_t first = 0; first < COLUMNS; first += PASS) {
        int32x4_t s[PASS];
        for (int c = 0; c < PASS; c++) s[c] = vdupq_n_s32(0);
        const int8_t *w = panel + first * 16;
        for (uint32_t k = 0; k < steps; k++, w += COLUMNS * 16) {
            int8x16_t a = vld1q_s8(x + 16 * k);
            for (int c = 0; c < PASS; c++) {
                int8x16_t b = vld1q_s8(w + 16 * c);
                int16x8_t p = vmull_s8(vget_low_s8(a), vget_low_s8(b));
                s[c] = vpadalq_s16(s[c], vmlal_high_s8(p, a, b));
            }
        }
        for (int c = 0; c < PASS; c += 4)
            vst1q_s32(sums + first + c, vpaddq_s32(vpaddq_s32(s[c], s[c + 1]), vpaddq_s32(s[c + 2], s[c + 3])));
    }
}

static void dot2(const int8_t *x, size_t stride, const int8_t *panel, uint32_t steps, int32_t *sums) {
    for (uint32_t first = 0; first < COLUMNS; first += PASS) {
        int32x4_t s[PASS], t[PASS];
        for (int c = 0; c < PASS; c++) s[c] = t[c] = vdupq_n_s32(0);
        const int8_t *w = panel + first * 16;
        for (uint32_t k = 0; k < steps; k++, w += COLUMNS * 16) {
            int8x16_t a0 = vld1q_s8(x + 16 * k), a1 = vld1q_s8(x + stride + 16 * k);
            for (int c = 0; c < PASS; c++) {
                int8x16_t b = vld1q_s8(w + 16 * c);
                int16x8_t p = vmull_s8(vget_low_s8(a0), vget_low_s8(b)), q = vmull_s8(vget_low_s8(a1), vget_low_s8(b));
                s[c] = vpadalq_s16(s[c], vmlal_high_s8(p, a0, b));
                t[c] = vpadalq_s16(t[c], vmlal_high_s8(q, a1, b));
            }
        }
        for (int c = 0; c < PASS; c += 4) {
            vst1q_s32(sums + first + c, vpaddq_s32(vpaddq_s32(s[c], s[c + 1]), vpaddq_s32(s[c + 2], s[c + 3])));
            vst1q_s32(sums + COLUMNS + first + c, vpaddq_s32(vpaddq_s32(t[c], t[c + 1]), vpaddq_s32(t[c + 2], t[c + 3])));
        }
    }
}

DOT_TILE(dot_neon) {
    if (rows == 1)
        dot1(in, panel, steps, sums);
    else
        dot2(in, row_bytes, panel, steps, sums);
}

#define BEGIN(r)                                                                                                                 \
    const float *x##r = in + (r)*stride;                                                                                         \
    float32x4_t a##r = vdupq_n_f32(0), b##r = a##r, c##r = a##r, d##r = a##r;
#define ADD(r)                                                                                                                   \
    {                                                                                                                            \
        float32x4_t x = vdupq_n_f32(x##r[i]);                                                                                    \
        a##r = vfmaq_f32(a##r, wa, x), b##r = vfmaq_f32(b##r, wb, x);                                                            \
        c##r = vfmaq_f32(c##r, wc, x), d##r = vfmaq_f32(d##r, wd, x);                                                            \
    }
#define END(r)                                                                                                                   \
    vst1q_f32(sums + 16 * (r), a##r), vst1q_f32(sums + 16 * (r) + 4, b##r);                                                      \
    vst1q_f32(sums + 16 * (r) + 8, c##r), vst1q_f32(sums + 16 * (r) + 12, d##r);
#define FLOAT(count)                                                                                                             \
    static void float##count(const float *in, size_t stride, const int8_t *w, uint32_t k, float *sums) {                         \
        ROWS##count(BEGIN) for (uint32_t i = 0; i < k; i++, w += 16) {                                                           \
            int8x16_t bytes = vld1q_s8(w);                                                                                       \
            int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_high_s8(bytes);                                           \
            float32x4_t wa = vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))), wb = vcvtq_f32_s32(vmovl_high_s16(low));               \
            float32x4_t wc = vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))), wd = vcvtq_f32_s32(vmovl_high_s16(high));             \
            ROWS##count(ADD)                                                                                                     \
        }                                                                                                                        \
        ROWS##count(END)                                                                                                         \
    }
FLOAT(1)
FLOAT(2)
FLOAT(3)
FLOAT(4)
FLOAT(5)

FLOAT_TILE(float_neon) {
    static void (*const tiles[])(const float *, size_t, const int8_t *, uint32_t, float *) = {float1, float2, float3, float4,
                                                                                              float5};
    tiles[rows - 1](in, stride, panel, k, sums);
}
