/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/draw/encode_png.h"

#ifdef OCELLI_PNG

#include <png.h>
#include <stdlib.h>

bool encode_png_possible(void) {
    return true;
}

bool encode_png(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **png, size_t *size) {
    png_image image = {.version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_RGB};
    png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image); /* no picture needs more */
    *png = malloc(bytes);
    bool good = *png && png_image_write_to_memory(&image, *png, &bytes, 0, rgb, 0, NULL);
    *size = bytes;
    if (good) return true;
    png_image_free(&image);
    free(*png);
    *png = NULL;
    return false;
}

#else

bool encode_png_possible(void) {
    return false;
}

bool encode_png(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **png, size_t *size) {
    (void)rgb, (void)width, (void)height;
    *png = NULL, *size = 0;
    return false;
}

#endif
