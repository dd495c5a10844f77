/* SPDX-License-Identifier: Apache-2.0 */
#include "prep/encode_jpeg_rows.h"

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

struct out {
    uint8_t *bytes;
    size_t size, capacity;
    bool failed;
};

static void append(void *context, void *data, int size) {
    struct out *o = context;
    if (o->failed) return;
    if (o->size + (size_t)size > o->capacity) {
        size_t capacity = 2 * (o->size + (size_t)size);
        uint8_t *grown = realloc(o->bytes, capacity);
        o->failed = !grown;
        if (!grown) return;
        o->bytes = grown, o->capacity = capacity;
    }
    memcpy(o->bytes + o->size, data, (size_t)size);
    o->size += (size_t)size;
}

bool encode_jpeg_rows(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **jpeg, size_t *size) {
    struct out o = {0};
    bool good =
        stbi_write_jpg_to_func(append, &o, (int)width, (int)height, 3, rgb, JPEG_QUALITY) && !o.failed && o.size;
    if (!good) {
        free(o.bytes);
        return false;
    }
    *jpeg = o.bytes, *size = o.size;
    return true;
}
