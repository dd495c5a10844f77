/* SPDX-License-Identifier: Apache-2.0
 * One pixel in the place of many. */
#ifndef PREP_BLOCK_MEAN_H
#define PREP_BLOCK_MEAN_H

#include <stddef.h>
#include <stdint.h>

/* The mean of the pixels of columns x[0]..x[1] - 1 and rows y[0]..y[1] - 1, at least one, of rgb (., width, 3). */
static inline void block_mean(const uint8_t *rgb, uint32_t width, const uint32_t x[2], const uint32_t y[2],
                              uint8_t mean[3]) {
    uint64_t sum[3] = {0}, count = (uint64_t)(x[1] - x[0]) * (y[1] - y[0]);
    for (uint32_t row = y[0]; row < y[1]; row++) {
        const uint8_t *p = rgb + 3 * ((size_t)row * width + x[0]);
        for (uint32_t i = x[0]; i < x[1]; i++, p += 3) sum[0] += p[0], sum[1] += p[1], sum[2] += p[2];
    }
    for (int c = 0; c < 3; c++) mean[c] = (uint8_t)((sum[c] + count / 2) / count);
}

#endif
