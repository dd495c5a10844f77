/* SPDX-License-Identifier: Apache-2.0 */
#include "prep/encode_jpeg.h"
#include "prep/blur.h"
#include "prep/encode_jpeg_rows.h"

#include <stdlib.h>
#include <string.h>

/* Every step-th pixel of every step-th row, in place. */
static void thin_out(uint8_t *rgb, uint32_t *width, uint32_t *height, uint32_t step) {
    uint32_t w = *width / step, h = *height / step;
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            memmove(rgb + 3 * ((size_t)y * w + x), rgb + 3 * ((size_t)y * step * *width + (size_t)x * step), 3);
    *width = w, *height = h;
}

bool encode_jpeg_frame(const struct frame *frame, uint32_t side, bool blurred, uint8_t **jpeg, size_t *size) {
    uint32_t width = frame_upright_width(frame), height = frame_upright_height(frame);
    uint32_t longer = width > height ? width : height, shorter = width + height - longer;
    uint32_t step = (longer + side - 1) / side;
    if (step > shorter) step = shorter;
    uint8_t *rgb = malloc(3ul * width * height);
    if (!rgb) return false;
    frame_to_rgb(frame, rgb);
    thin_out(rgb, &width, &height, step);
    if (blurred) blur_rgb(rgb, width, height);
    bool good = encode_jpeg_rows(rgb, width, height, jpeg, size);
    free(rgb);
    return good;
}
