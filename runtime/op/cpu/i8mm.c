/* SPDX-License-Identifier: Apache-2.0
 * SMMLA (Cortex-A78C, X1C, Neoverse V1 and newer): two rows by two columns, eight numbers of K at once. Six rows by 16
 * columns hold 24 of 32 registers. The loop is assembly, as that of dotprod.c: from intrinsics gcc 12 keeps six to
 * eleven of these sums on the stack. */
#include "op/cpu/tiles.h"

/* v0 to v5: 16 numbers of K; a pair of rows takes two registers, first and last eight of both. v6, v7: eight of K of
 * two columns each. v8 to v31: sums, eight registers a pair of rows. */
#define DOT(sum, x, w) "smmla v" #sum ".4s, v" #x ".16b, v" #w ".16b\n\t"
#define PAIRS1(x0, x1, x2, w, a, b, c) DOT(a, x0, w)
#define PAIRS2(x0, x1, x2, w, a, b, c) DOT(a, x0, w) DOT(b, x1, w)
#define PAIRS3(x0, x1, x2, w, a, b, c) DOT(a, x0, w) DOT(b, x1, w) DOT(c, x2, w)

#define LOAD(even, odd, spare, x, y)                                                                                   \
    "ldr q" #even ", [%[" #x "], %[at]]\n\tldr q" #spare ", [%[" #y "], %[at]]\n\t"                                    \
    "zip2 v" #odd ".2d, v" #even ".2d, v" #spare ".2d\n\tzip1 v" #even ".2d, v" #even ".2d, v" #spare ".2d\n\t"
#define LOAD1 LOAD(0, 1, 6, x0, x1)
#define LOAD2 LOAD1 LOAD(2, 3, 7, x2, x3)
#define LOAD3 LOAD2 LOAD(4, 5, 6, x4, x5)

/* Eight numbers of K. */
#define COLUMNS(count, at, x0, x1, x2, a0, a1, b0, b1, c0, c1)                                                         \
    "ldp q6, q7, [%[w], #" #at "]\n\t" PAIRS##count(x0, x1, x2, 6, a0, b0, c0) PAIRS##count(x0, x1, x2, 7, a1, b1, c1)
#define STEP(count, at, x0, x1, x2)                                                                                    \
    COLUMNS(count, at, x0, x1, x2, 8, 9, 16, 17, 24, 25)                                                               \
    COLUMNS(count, at + 32, x0, x1, x2, 10, 11, 18, 19, 26, 27)                                                        \
    COLUMNS(count, at + 64, x0, x1, x2, 12, 13, 20, 21, 28, 29)                                                        \
    COLUMNS(count, at + 96, x0, x1, x2, 14, 15, 22, 23, 30, 31)

#define ZERO(a, b, c, d) "movi v" #a ".4s, #0\n\tmovi v" #b ".4s, #0\n\tmovi v" #c ".4s, #0\n\tmovi v" #d ".4s, #0\n\t"
#define ZERO1 ZERO(8, 9, 10, 11) ZERO(12, 13, 14, 15)
#define ZERO2 ZERO1 ZERO(16, 17, 18, 19) ZERO(20, 21, 22, 23)
#define ZERO3 ZERO2 ZERO(24, 25, 26, 27) ZERO(28, 29, 30, 31)

/* Four columns of two rows. */
#define STORE_FOUR(a, b, at, to)                                                                                       \
    "zip1 v0.2d, v" #a ".2d, v" #b ".2d\n\tzip2 v1.2d, v" #a ".2d, v" #b ".2d\n\t"                                     \
    "str q0, [%[sums], #" #at "]\n\tstr q1, [%[" #to "], #" #at "]\n\t"
#define STORE(a, b, c, d, e, f, g, h, to)                                                                              \
    STORE_FOUR(a, b, 0, to) STORE_FOUR(c, d, 16, to) STORE_FOUR(e, f, 32, to) STORE_FOUR(g, h, 48, to)
#define STORE1(to) STORE(8, 9, 10, 11, 12, 13, 14, 15, to)
#define STORE2(to) STORE1(second) "add %[sums], %[sums], #128\n\t" STORE(16, 17, 18, 19, 20, 21, 22, 23, to)
#define STORE3(to) STORE2(fourth) "add %[sums], %[sums], #128\n\t" STORE(24, 25, 26, 27, 28, 29, 30, 31, to)

/* `at` counts K up to zero, from the rows' ends. */
#define NEXT "add %[w], %[w], #256\n\tadds %[at], %[at], #16\n\tb.ne 1b\n\t"

/* `count` pairs of rows. With an odd number of rows the last one stands in for its partner, whose sums go nowhere. */
#define TILE(count)                                                                                                    \
    static void dot##count(const int8_t *in, size_t stride, const int8_t *w, uint32_t steps, uint32_t rows,            \
                           int32_t *sums) {                                                                            \
        enum { LAST = 2 * count - 1 };                                                                                 \
        int32_t left[16], *second = sums + 16, *fourth = sums + 48, *last = rows > LAST ? sums + 16 * LAST : left;     \
        const int8_t *x0 = in + 8 * (size_t)steps, *x1 = rows > 1 ? x0 + stride : x0, *x2 = x1 + stride;               \
        const int8_t *x3 = rows > 3 ? x2 + stride : x2, *x4 = x3 + stride, *x5 = rows > 5 ? x4 + stride : x4;          \
        ptrdiff_t at = -8 * (ptrdiff_t)steps;                                                                          \
        __asm__ volatile(ZERO##count "1:\n\t" LOAD##count STEP(count, 0, 0, 2, 4) STEP(count, 128, 1, 3, 5)            \
                             NEXT STORE##count(last)                                                                   \
                         : [w] "+r"(w), [at] "+r"(at), [sums] "+r"(sums)                                               \
                         : [x0] "r"(x0), [x1] "r"(x1), [x2] "r"(x2), [x3] "r"(x3), [x4] "r"(x4), [x5] "r"(x5),         \
                           [second] "r"(second), [fourth] "r"(fourth), [last] "r"(last)                                \
                         : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13",     \
                           "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26",  \
                           "v27", "v28", "v29", "v30", "v31", "cc", "memory");                                         \
    }
TILE(1)
TILE(2)
TILE(3)

/* K is a multiple of 16, as rows of int8 are padded to 64. */
DOT_TILE(dot_i8mm) {
    static void (*const tiles[])(const int8_t *, size_t, const int8_t *, uint32_t, uint32_t, int32_t *) = {dot1, dot2,
                                                                                                           dot3};
    tiles[(rows + 1) / 2 - 1](in, row_bytes, panel, steps, rows, sums);
}
