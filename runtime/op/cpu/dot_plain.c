/* SPDX-License-Identifier: Apache-2.0 */
#include "op/cpu/tiles.h"

void dot_plain(const void *in, size_t row_bytes, const int8_t *panel, uint32_t steps, uint32_t rows, int32_t *sums) {
    for (uint32_t r = 0; r < rows; r++, sums += CPU_PLAIN_COLUMNS) {
        const int8_t *x = (const int8_t *)in + r * row_bytes, *w = panel;
        int32_t sum[CPU_PLAIN_COLUMNS] = {0};
        for (uint32_t k = 0; k < steps; k++, w += CPU_PLAIN_COLUMNS)
            for (uint32_t c = 0; c < CPU_PLAIN_COLUMNS; c++) sum[c] += x[k] * w[c];
        for (uint32_t c = 0; c < CPU_PLAIN_COLUMNS; c++) sums[c] = sum[c];
    }
}

void float_plain(const float *in, size_t stride, const int8_t *panel, uint32_t k, uint32_t rows, float *sums) {
    for (uint32_t r = 0; r < rows; r++, sums += CPU_PLAIN_COLUMNS) {
        const float *x = in + r * stride;
        const int8_t *w = panel;
        float sum[CPU_PLAIN_COLUMNS] = {0};
        for (uint32_t i = 0; i < k; i++, w += CPU_PLAIN_COLUMNS)
            for (uint32_t c = 0; c < CPU_PLAIN_COLUMNS; c++) sum[c] += x[i] * w[c];
        for (uint32_t c = 0; c < CPU_PLAIN_COLUMNS; c++) sums[c] = sum[c];
    }
}
