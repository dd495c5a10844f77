/* SPDX-License-Identifier: Apache-2.0 */
#include "prep/thumbnail.h"
#include "base/log.h"
#include "prep/block_mean.h"
#include "prep/blur.h"
#include "prep/decode.h"
#include "prep/encode_jpeg_rows.h"

#include <stdlib.h>

static uint32_t part(uint32_t i, uint32_t from, uint32_t to) {
    return (uint32_t)((uint64_t)i * from / to);
}

bool thumbnail_make(const struct ocelli_image *image, uint8_t **jpeg, size_t *size) {
    uint32_t longer = image->width > image->height ? image->width : image->height;
    uint32_t most = longer > THUMBNAIL_SIDE ? THUMBNAIL_SIDE : longer;
    uint32_t width = part(image->width, most, longer), height = part(image->height, most, longer);
    width += !width, height += !height;
    uint8_t *rgb = malloc((size_t)3 * width * height);
    if (!rgb) return false;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            uint32_t columns[2] = {part(x, image->width, width), part(x + 1, image->width, width)};
            uint32_t rows[2] = {part(y, image->height, height), part(y + 1, image->height, height)};
            block_mean(image->rgb, image->width, columns, rows, rgb + 3 * ((size_t)y * width + x));
        }
    bool good = encode_jpeg_rows(rgb, width, height, jpeg, size);
    free(rgb);
    return good;
}

bool thumbnail_of_frame(const struct frame *frame, bool blurred, uint8_t **jpeg, size_t *size) {
    uint32_t width = frame_upright_width(frame), height = frame_upright_height(frame);
    uint8_t *rgb = malloc((size_t)3 * width * height);
    if (!rgb) return false;
    frame_to_rgb(frame, rgb);
    if (blurred) blur_rgb(rgb, width, height);
    bool good = thumbnail_make(&(struct ocelli_image){rgb, width, height}, jpeg, size);
    free(rgb);
    return good;
}

int thumbnail_of_file(const char *path, uint8_t **jpeg, size_t *size) {
    struct ocelli_image image;
    struct decode_rule rule = {.least_side = THUMBNAIL_SIDE};
    *jpeg = NULL;
    int status = decode_file(&image, path, &rule);
    if (!status && !thumbnail_make(&image, jpeg, size))
        status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for a thumbnail", path);
    decode_free(&image);
    return status;
}
