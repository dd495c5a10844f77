/* SPDX-License-Identifier: Apache-2.0
 * SDOT (Cortex-A76 and newer): four products of int8 in each lane. Five rows by 16 columns hold 20 of 32 registers.
 * The loop is assembly: gcc 11 and 12 keep seven of these sums on the stack when they compile intrinsics. As it stands
 * a Cortex-A76 does nearly two SDOT a cycle, which is all it can (tools/bench/cpu-estimate). */
#include "op/cpu/tiles.h"

/* v0 to v4: 16 numbers of K of a row each; v5 to v8: four of K of 16 columns; v12 to v31: sums, four registers a row.
 */
#define DOT(sum, w, x, lane) "sdot v" #sum ".4s, v" #w ".16b, v" #x ".4b[" #lane "]\n\t"
#define ROW(a, b, c, d, x, lane) DOT(a, 5, x, lane) DOT(b, 6, x, lane) DOT(c, 7, x, lane) DOT(d, 8, x, lane)
#define ROWS1(lane) ROW(12, 13, 14, 15, 0, lane)
#define ROWS2(lane) ROWS1(lane) ROW(16, 17, 18, 19, 1, lane)
#define ROWS3(lane) ROWS2(lane) ROW(20, 21, 22, 23, 2, lane)
#define ROWS4(lane) ROWS3(lane) ROW(24, 25, 26, 27, 3, lane)
#define ROWS5(lane) ROWS4(lane) ROW(28, 29, 30, 31, 4, lane)

#define LOAD(r) "ldr q" #r ", [%[x" #r "], %[at]]\n\t"
#define LOAD1 LOAD(0)
#define LOAD2 LOAD1 LOAD(1)
#define LOAD3 LOAD2 LOAD(2)
#define LOAD4 LOAD3 LOAD(3)
#define LOAD5 LOAD4 LOAD(4)

#define ZERO(a, b, c, d) "movi v" #a ".4s, #0\n\tmovi v" #b ".4s, #0\n\tmovi v" #c ".4s, #0\n\tmovi v" #d ".4s, #0\n\t"
#define ZERO1 ZERO(12, 13, 14, 15)
#define ZERO2 ZERO1 ZERO(16, 17, 18, 19)
#define ZERO3 ZERO2 ZERO(20, 21, 22, 23)
#define ZERO4 ZERO3 ZERO(24, 25, 26, 27)
#define ZERO5 ZERO4 ZERO(28, 29, 30, 31)

#define STORE(a, b, c, d) "stp q" #a ", q" #b ", [%[sums]], #32\n\tstp q" #c ", q" #d ", [%[sums]], #32\n\t"
#define STORE1 STORE(12, 13, 14, 15)
#define STORE2 STORE1 STORE(16, 17, 18, 19)
#define STORE3 STORE2 STORE(20, 21, 22, 23)
#define STORE4 STORE3 STORE(24, 25, 26, 27)
#define STORE5 STORE4 STORE(28, 29, 30, 31)

#define WEIGHTS(at) "ldp q5, q6, [%[w], #" #at "]\n\tldp q7, q8, [%[w], #" #at " + 32]\n\t"

#define STEP(count)                                                                                                    \
    WEIGHTS(0) ROWS##count(0) WEIGHTS(64) ROWS##count(1) WEIGHTS(128) ROWS##count(2) WEIGHTS(192) ROWS##count(3)
/* `at` counts K up to zero, from the rows' ends. */
#define NEXT "add %[w], %[w], #256\n\tadds %[at], %[at], #16\n\tb.ne 1b\n\t"

#define TILE(count)                                                                                                    \
    static void dot##count(const int8_t *in, size_t stride, const int8_t *w, uint32_t steps, int32_t *sums) {          \
        const int8_t *x0 = in + 4 * (size_t)steps, *x1 = x0 + stride, *x2 = x1 + stride, *x3 = x2 + stride,            \
                     *x4 = x3 + stride;                                                                                \
        ptrdiff_t at = -4 * (ptrdiff_t)steps;                                                                          \
        __asm__ volatile(ZERO##count "1:\n\t" LOAD##count STEP(count) NEXT STORE##count                                \
                         : [w] "+r"(w), [at] "+r"(at), [sums] "+r"(sums)                                               \
                         : [x0] "r"(x0), [x1] "r"(x1), [x2] "r"(x2), [x3] "r"(x3), [x4] "r"(x4)                        \
                         : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v12", "v13", "v14", "v15", "v16",    \
                           "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",  \
                           "v30", "v31", "cc", "memory");                                                              \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)

/* K is a multiple of 16, as rows of int8 are padded to 64. */
DOT_TILE(dot_dotprod) {
    static void (*const tiles[])(const int8_t *, size_t, const int8_t *, uint32_t, int32_t *) = {dot1, dot2, dot3, dot4,
                                                                                                 dot5};
    tiles[rows - 1](in, row_bytes, panel, steps, sums);
}
