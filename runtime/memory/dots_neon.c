/* SPDX-License-Identifier: Apache-2.0
 * SXTL makes 16 bits of the picture's 8, SMLAL multiplies and adds in 32: exact. */
#include "memory/dots.h"
#include "memory/pack.h"
#include "memory/page_sum.h"

#include <arm_neon.h>

enum { AHEAD = 1024 /* bytes */, STEP = 16 };

void dots_neon(const int8_t *vectors, size_t count, size_t size, const int16_t *text, int32_t *sums, int64_t *bytes) {
    if (bytes) *bytes = page_sum(vectors, count * size);
    size_t whole = size & ~(size_t)(STEP - 1);
    for (size_t i = 0; i < count; i++) {
        const int8_t *v = vectors + i * size;
        int32x4_t a = vdupq_n_s32(0), b = a;
        for (size_t k = 0; k < whole; k += STEP) {
            __builtin_prefetch(v + k + AHEAD);
            int8x16_t picture = vld1q_s8(v + k);
            int16x8_t low = vmovl_s8(vget_low_s8(picture)), high = vmovl_s8(vget_high_s8(picture));
            int16x8_t first = vld1q_s16(text + k), second = vld1q_s16(text + k + 8);
            a = vmlal_s16(a, vget_low_s16(low), vget_low_s16(first));
            b = vmlal_s16(b, vget_high_s16(low), vget_high_s16(first));
            a = vmlal_s16(a, vget_low_s16(high), vget_low_s16(second));
            b = vmlal_s16(b, vget_high_s16(high), vget_high_s16(second));
        }
        sums[i] = vaddvq_s32(vaddq_s32(a, b)) + pack_dot(v + whole, text + whole, size - whole);
    }
}
