/* SPDX-License-Identifier: Apache-2.0 */
#include "prep/blur.h"
#include "prep/block_mean.h"

#include <stddef.h>

/* How many blocks of a side; of a picture that is as small already, fewer than it has pixels. */
static uint32_t blocks_of(uint32_t side, uint32_t longer) {
    uint32_t most = longer < 2 * BLUR_SIDE ? (longer + 1) / 2 : BLUR_SIDE;
    uint32_t blocks = (uint32_t)(((uint64_t)side * most + longer - 1) / longer);
    return blocks ? blocks : 1;
}

/* Where a pixel lies between the centres of two blocks: the first, and how far towards the second in 1/256. */
static uint32_t between(uint32_t at, uint32_t side, uint32_t blocks, uint32_t *part) {
    int64_t place = ((int64_t)(2 * at + 1) * blocks * 128) / side - 128; /* 256 a block, from the first centre */
    if (place < 0) place = 0;
    uint32_t block = (uint32_t)(place >> 8);
    *part = (uint32_t)(place & 255);
    if (block + 1 < blocks) return block;
    *part = blocks > 1 ? 256 : 0;
    return blocks > 1 ? blocks - 2 : 0;
}

static void draw_row(uint8_t *row, uint32_t width, const uint8_t *upper, const uint8_t *lower, uint32_t down,
                     uint32_t columns) {
    for (uint32_t x = 0; x < width; x++) {
        uint32_t right, block = between(x, width, columns, &right), next = block + (columns > 1);
        for (uint32_t c = 0; c < 3; c++) {
            uint32_t above = upper[3 * block + c] * (256 - right) + upper[3 * next + c] * right;
            uint32_t below = lower[3 * block + c] * (256 - right) + lower[3 * next + c] * right;
            row[3 * (size_t)x + c] = (uint8_t)((above * (256 - down) + below * down + 32768) >> 16);
        }
    }
}

void blur_rgb(uint8_t *rgb, uint32_t width, uint32_t height) {
    uint32_t longer = width > height ? width : height;
    uint32_t columns = blocks_of(width, longer), rows = blocks_of(height, longer);
    uint8_t means[BLUR_SIDE][3 * BLUR_SIDE];
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t c = 0; c < columns; c++) {
            const uint32_t x[2] = {(uint32_t)((uint64_t)c * width / columns), (uint32_t)((c + 1ull) * width / columns)};
            const uint32_t y[2] = {(uint32_t)((uint64_t)r * height / rows), (uint32_t)((r + 1ull) * height / rows)};
            block_mean(rgb, width, x, y, &means[r][3 * c]);
        }
    for (uint32_t y = 0; y < height; y++) {
        uint32_t down, row = between(y, height, rows, &down), next = row + (rows > 1);
        draw_row(rgb + 3 * (size_t)y * width, width, means[row], means[next], down, columns);
    }
}
