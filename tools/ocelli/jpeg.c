/* SPDX-License-Identifier: Apache-2.0 */
#include "jpeg.h"

#include <stdlib.h>
#include <string.h>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wshadow"
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

enum { QUALITY = 80 };

struct out {
    uint8_t *bytes;
    size_t size, room;
    bool failed;
};

static void append(void *context, void *data, int size) {
    struct out *o = context;
    if (o->failed) return;
    if (o->size + (size_t)size > o->room) {
        size_t room = 2 * (o->size + (size_t)size);
        uint8_t *grown = realloc(o->bytes, room);
        o->failed = !grown;
        if (!grown) return;
        o->bytes = grown, o->room = room;
    }
    memcpy(o->bytes + o->size, data, (size_t)size);
    o->size += (size_t)size;
}

/* Every step-th pixel of every step-th row, in place. */
static void thin_out(uint8_t *rgb, uint32_t *width, uint32_t *height, uint32_t step) {
    uint32_t w = *width / step, h = *height / step;
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            memmove(rgb + 3 * ((size_t)y * w + x), rgb + 3 * ((size_t)y * step * *width + (size_t)x * step), 3);
    *width = w, *height = h;
}

bool jpeg_of_frame(const struct frame *frame, uint8_t **jpeg, size_t *size) {
    uint32_t width = frame_upright_width(frame), height = frame_upright_height(frame);
    uint32_t longer = width > height ? width : height, shorter = width + height - longer;
    uint32_t step = (longer + JPEG_SIDE - 1) / JPEG_SIDE;
    if (step > shorter) step = shorter;
    uint8_t *rgb = malloc(3ul * width * height);
    struct out o = {0};
    if (rgb) {
        frame_to_rgb(frame, rgb);
        thin_out(rgb, &width, &height, step);
        o.failed = !stbi_write_jpg_to_func(append, &o, (int)width, (int)height, 3, rgb, QUALITY) || o.failed;
    }
    free(rgb);
    if (!o.size || o.failed) {
        free(o.bytes);
        return false;
    }
    *jpeg = o.bytes, *size = o.size;
    return true;
}
