/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"
#include "uvc.h"

#include <ocelli.h>
#include <stdlib.h>
#include <string.h>
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image_write.h>

enum { W = UVC_WIDTH, H = UVC_HEIGHT };

static uint8_t byte_of(double v) {
    return (uint8_t)(v + 0.5);
}

/* A square of the frame's height, nearest neighbours. */
static void place(uint8_t *rgb, const struct ocelli_image *p) {
    memset(rgb, 128, (size_t)W * H * 3);
    for (size_t y = 0; y < H; y++)
        for (size_t x = 0; x < H; x++)
            memcpy(rgb + (y * W + (W - H) / 2 + x) * 3, p->rgb + (y * p->height / H * p->width + x * p->width / H) * 3,
                   3);
}

static void make_yuyv(uint8_t *out, const uint8_t *rgb) {
    for (size_t i = 0; i < (size_t)W * H; i += 2, rgb += 6, out += 4) {
        double r = (rgb[0] + rgb[3]) / 510., g = (rgb[1] + rgb[4]) / 510., b = (rgb[2] + rgb[5]) / 510.;
        double y = 0.299 * r + 0.587 * g + 0.114 * b;
        for (int k = 0; k < 2; k++)
            out[2 * k] =
                byte_of(16 + 219 / 255. * (0.299 * rgb[3 * k] + 0.587 * rgb[3 * k + 1] + 0.114 * rgb[3 * k + 2]));
        out[1] = byte_of(128 + 224 * (b - y) / 1.772);
        out[3] = byte_of(128 + 224 * (r - y) / 1.402);
    }
}

struct bytes {
    uint8_t *data;
    size_t size;
};

static void append(void *user, void *data, int size) {
    struct bytes *b = user;
    b->data = realloc(b->data, b->size + (size_t)size);
    if (!b->data) abort();
    memcpy(b->data + b->size, data, (size_t)size);
    b->size += (size_t)size;
}

bool picture_load(const char *path, uint8_t **yuyv, uint8_t **jpeg, size_t *jpeg_size) {
    struct ocelli_image p;
    struct bytes packed = {0};
    if (ocelli_image_load(&p, path)) return false;
    uint8_t *rgb = malloc((size_t)W * H * 3);
    *yuyv = malloc((size_t)W * H * 2);
    if (!rgb || !*yuyv) abort();
    place(rgb, &p);
    make_yuyv(*yuyv, rgb);
    stbi_write_jpg_to_func(append, &packed, W, H, 3, rgb, 90);
    *jpeg = packed.data;
    *jpeg_size = packed.size;
    free(rgb);
    ocelli_image_free(&p);
    return true;
}
