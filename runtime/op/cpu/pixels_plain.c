/* SPDX-License-Identifier: Apache-2.0
 * A resize in plain C. */
#include "op/cpu/tiles.h"

#include <string.h>

typedef int32_t vi4 __attribute__((vector_size(16)));
typedef uint8_t vb4 __attribute__((vector_size(4)));
enum { BLOCK = 16 }; /* bytes of a row whose sums stay in registers */
typedef int32_t vi16 __attribute__((vector_size(4 * BLOCK)));
typedef uint8_t vb16 __attribute__((vector_size(BLOCK)));

static void across_row(const uint8_t *rgb, uint32_t width, const struct cpu_axis *axis, uint32_t *out) {
    const int32_t *weight = axis->weight;
    for (uint32_t x = 0; x < axis->size; x++, weight += axis->taps) {
        uint32_t count = cpu_taps(axis, x, width);
        const uint8_t *from = rgb + 3 * (size_t)axis->first[x];
        vi4 sum = {CPU_PIXEL_HALF, CPU_PIXEL_HALF, CPU_PIXEL_HALF, 0};
        for (uint32_t t = 0; t < count; t++, from += 3) {
            vb4 pixel;
            memcpy(&pixel, from, sizeof pixel); /* one byte of the next pixel, dropped below */
            sum += weight[t] * __builtin_convertvector(pixel, vi4);
        }
        out[x] = cpu_clip8(sum[0]) | cpu_clip8(sum[1]) << 8 | cpu_clip8(sum[2]) << 16;
    }
}

static void across(const uint8_t *rgb, size_t stride, uint32_t rows, uint32_t width, const struct cpu_axis *axis,
                   uint32_t *out) {
    for (uint32_t r = 0; r < rows; r++) across_row(rgb + r * stride, width, axis, out + (size_t)r * axis->size);
}

static void down(const uint8_t *rows, size_t stride, const int32_t *weight, uint32_t taps, uint32_t count,
                 uint8_t *out) {
    uint32_t i = 0;
    for (; i + BLOCK <= count; i += BLOCK) {
        const uint8_t *from = rows + i;
        vi16 sum = {0};
        for (uint32_t t = 0; t < taps; t++, from += stride) {
            vb16 bytes;
            memcpy(&bytes, from, sizeof bytes);
            sum += weight[t] * __builtin_convertvector(bytes, vi16);
        }
        for (int k = 0; k < BLOCK; k++) out[i + k] = (uint8_t)cpu_clip8(sum[k] + CPU_PIXEL_HALF);
    }
    cpu_down_rest(rows, stride, weight, taps, i, count, out);
}

const struct cpu_pixels pixels_plain = {across, down};
