/* SPDX-License-Identifier: Apache-2.0
 * NEON without dot products (Cortex-A72): two products of int8 fit into an int16, 2 * 127 * 127, before they go to
 * int32. A panel holds 16 numbers of K of each column; the four sums of a lane are added up at the end. The unit that
 * multiplies does eight products a cycle, and is busy all the time (tools/bench/cpu-estimate). The loop is assembly:
 * gcc 11 and 12 and clang 19 keep sums on the stack when they compile intrinsics. */
#include "op/cpu/rows_of.h"
#include "op/cpu/tiles.h"

#include <arm_neon.h>

enum { PASS = 4, COLUMNS = 16 }; /* four rows by four columns fill 16 of 32 registers with sums */

/* v0 to v3: 16 numbers of K of a row each; v4 to v7: of a column each; v8 to v15: products; v16 to v31: sums, four a
 * row. */
#define LOW(r, w, p) "smull v" #p ".8h, v" #r ".8b, v" #w ".8b\n\t"
#define HIGH(r, w, p) "smlal2 v" #p ".8h, v" #r ".16b, v" #w ".16b\n\t"
#define SUM(p, sum) "sadalp v" #sum ".4s, v" #p ".8h\n\t"

/* A column; p0 to p3: registers of products, s0 to s3 of sums. */
#define COLUMN1(w, p0, p1, p2, p3, s0, s1, s2, s3) LOW(0, w, p0) HIGH(0, w, p0) SUM(p0, s0)
#define COLUMN2(w, p0, p1, p2, p3, s0, s1, s2, s3)                                                                     \
    LOW(0, w, p0) LOW(1, w, p1) HIGH(0, w, p0) HIGH(1, w, p1) SUM(p0, s0) SUM(p1, s1)
#define COLUMN3(w, p0, p1, p2, p3, s0, s1, s2, s3)                                                                     \
    LOW(0, w, p0)                                                                                                      \
    LOW(1, w, p1) LOW(2, w, p2) HIGH(0, w, p0) HIGH(1, w, p1) HIGH(2, w, p2) SUM(p0, s0) SUM(p1, s1) SUM(p2, s2)
#define COLUMN4(w, p0, p1, p2, p3, s0, s1, s2, s3)                                                                     \
    LOW(0, w, p0)                                                                                                      \
    LOW(1, w, p1)                                                                                                      \
    LOW(2, w, p2)                                                                                                      \
    LOW(3, w, p3)                                                                                                      \
    HIGH(0, w, p0) HIGH(1, w, p1) HIGH(2, w, p2) HIGH(3, w, p3) SUM(p0, s0) SUM(p1, s1) SUM(p2, s2) SUM(p3, s3)

#define LOAD(r) "ldr q" #r ", [%[x" #r "], %[at]]\n\t"
#define LOAD1 LOAD(0)
#define LOAD2 LOAD1 LOAD(1)
#define LOAD3 LOAD2 LOAD(2)
#define LOAD4 LOAD3 LOAD(3)

#define ZERO(a, b, c, d) "movi v" #a ".4s, #0\n\tmovi v" #b ".4s, #0\n\tmovi v" #c ".4s, #0\n\tmovi v" #d ".4s, #0\n\t"
#define ZERO1 ZERO(16, 17, 18, 19)
#define ZERO2 ZERO1 ZERO(20, 21, 22, 23)
#define ZERO3 ZERO2 ZERO(24, 25, 26, 27)
#define ZERO4 ZERO3 ZERO(28, 29, 30, 31)

#define ADD(to, a, b) "addp v" #to ".4s, v" #a ".4s, v" #b ".4s\n\t"
#define STORE(r, a, b, c, d) ADD(0, a, b) ADD(1, c, d) ADD(0, 0, 1) "str q0, [%[sums], #64 * " #r "]\n\t"
#define STORE1 STORE(0, 16, 17, 18, 19)
#define STORE2 STORE1 STORE(1, 20, 21, 22, 23)
#define STORE3 STORE2 STORE(2, 24, 25, 26, 27)
#define STORE4 STORE3 STORE(3, 28, 29, 30, 31)

#define WEIGHTS "ldp q4, q5, [%[w]]\n\tldp q6, q7, [%[w], #32]\n\t"
#define STEP(count)                                                                                                    \
    COLUMN##count(4, 8, 9, 10, 11, 16, 20, 24, 28) COLUMN##count(5, 12, 13, 14, 15, 17, 21, 25, 29)                    \
        COLUMN##count(6, 8, 9, 10, 11, 18, 22, 26, 30) COLUMN##count(7, 12, 13, 14, 15, 19, 23, 27, 31)
/* `at` counts K up to zero, from the rows' ends. */
#define NEXT "add %[w], %[w], #256\n\tadds %[at], %[at], #16\n\tb.ne 1b\n\t"

#define TILE(count)                                                                                                    \
    static void dot##count(const int8_t *in, size_t stride, const int8_t *w, uint32_t steps, int32_t *sums) {          \
        const int8_t *x0 = in + 16 * (size_t)steps, *x1 = x0 + stride, *x2 = x1 + stride, *x3 = x2 + stride;           \
        ptrdiff_t at = -16 * (ptrdiff_t)steps;                                                                         \
        __asm__ volatile(ZERO##count "1:\n\t" LOAD##count WEIGHTS STEP(count) NEXT STORE##count                        \
                         : [w] "+r"(w), [at] "+r"(at)                                                                  \
                         : [x0] "r"(x0), [x1] "r"(x1), [x2] "r"(x2), [x3] "r"(x3), [sums] "r"(sums)                    \
                         : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13",     \
                           "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26",  \
                           "v27", "v28", "v29", "v30", "v31", "cc", "memory");                                         \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)

DOT_TILE(dot_neon) {
    static void (*const tiles[])(const int8_t *, size_t, const int8_t *, uint32_t, int32_t *) = {dot1, dot2, dot3,
                                                                                                 dot4};
    for (uint32_t first = 0; first < COLUMNS; first += PASS)
        tiles[rows - 1](in, row_bytes, panel + first * 16, steps, sums + first);
}

#define BEGIN(r)                                                                                                       \
    const float *x##r = in + (r)*stride;                                                                               \
    float32x4_t a##r = vdupq_n_f32(0), b##r = a##r, c##r = a##r, d##r = a##r;
#define ADD_ROW(r)                                                                                                     \
    {                                                                                                                  \
        float32x4_t x = vdupq_n_f32(x##r[i]);                                                                          \
        a##r = vfmaq_f32(a##r, wa, x), b##r = vfmaq_f32(b##r, wb, x);                                                  \
        c##r = vfmaq_f32(c##r, wc, x), d##r = vfmaq_f32(d##r, wd, x);                                                  \
    }
#define END(r)                                                                                                         \
    vst1q_f32(sums + 16 * (r), a##r), vst1q_f32(sums + 16 * (r) + 4, b##r);                                            \
    vst1q_f32(sums + 16 * (r) + 8, c##r), vst1q_f32(sums + 16 * (r) + 12, d##r);
#define FLOAT(count)                                                                                                   \
    static void float##count(const float *in, size_t stride, const int8_t *w, uint32_t k, float *sums) {               \
        ROWS##count(BEGIN) for (uint32_t i = 0; i < k; i++, w += 16) {                                                 \
            int8x16_t bytes = vld1q_s8(w);                                                                             \
            int16x8_t low = vmovl_s8(vget_low_s8(bytes)), high = vmovl_high_s8(bytes);                                 \
            float32x4_t wa = vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))), wb = vcvtq_f32_s32(vmovl_high_s16(low));     \
            float32x4_t wc = vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))), wd = vcvtq_f32_s32(vmovl_high_s16(high));   \
            ROWS##count(ADD_ROW)                                                                                       \
        }                                                                                                              \
        ROWS##count(END)                                                                                               \
    }
FLOAT(1)
FLOAT(2)
FLOAT(3)
FLOAT(4)
FLOAT(5)

FLOAT_TILE(float_neon) {
    static void (*const tiles[])(const float *, size_t, const int8_t *, uint32_t, float *) = {float1, float2, float3,
                                                                                              float4, float5};
    tiles[rows - 1](in, stride, panel, k, sums);
}
