/* SPDX-License-Identifier: Apache-2.0
 * SDOT (Cortex-A76 and newer): four products of int8 in each lane. Five rows by 16 columns hold 20 of 32 registers. */
#include "op/cpu/rows_of.h"
#include "op/cpu/tiles.h"

#include <arm_neon.h>

#define BEGIN(r)                                                                                                                 \
    const int8_t *x##r = in + (r)*stride;                                                                                        \
    int32x4_t a##r = vdupq_n_s32(0), b##r = a##r, c##r = a##r, d##r = a##r;
/* Four steps of K of a row in a register. */
#define INPUT(r) int8x16_t i##r = vld1q_s8(x##r + 16 * k);
#define ADD_LANE(r, lane)                                                                                                        \
    a##r = vdotq_laneq_s32(a##r, wa, i##r, lane), b##r = vdotq_laneq_s32(b##r, wb, i##r, lane);                                  \
    c##r = vdotq_laneq_s32(c##r, wc, i##r, lane), d##r = vdotq_laneq_s32(d##r, wd, i##r, lane);
#define ADD0(r) ADD_LANE(r, 0)
#define ADD1(r) ADD_LANE(r, 1)
#define ADD2(r) ADD_LANE(r, 2)
#define ADD3(r) ADD_LANE(r, 3)
#define LOAD                                                                                                                     \
    wa = vld1q_s8(w), wb = vld1q_s8(w + 16), wc = vld1q_s8(w + 32), wd = vld1q_s8(w + 48);                                       \
    w += 64;
#define END(r)                                                                                                                   \
    vst1q_s32(sums + 16 * (r), a##r), vst1q_s32(sums + 16 * (r) + 4, b##r);                                                      \
    vst1q_s32(sums + 16 * (r) + 8, c##r), vst1q_s32(sums + 16 * (r) + 12, d##r);
#define TILE(count)                                                                                                              \
    static void dot##count(const int8_t *in, size_t stride, const int8_t *w, uint32_t steps, int32_t *sums) {                    \
        int8x16_t wa, wb, wc, wd;                                                                                                \
        ROWS##count(BEGIN) for (uint32_t k = 0; k < steps / 4; k++){ROWS##count(INPUT) LOAD ROWS##count(ADD0) LOAD ROWS##count(  \
            ADD1) LOAD ROWS##count(ADD2) LOAD ROWS##count(ADD3)} ROWS##count(END)                                                \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)

/* K is a multiple of 16, as rows of int8 are padded to 64. */
DOT_TILE(dot_dotprod) {
    static void (*const tiles[])(const int8_t *, size_t, const int8_t *, uint32_t, int32_t *) = {dot1, dot2, dot3, dot4, dot5};
    tiles[rows - 1](in, row_bytes, panel, steps, sums);
}
