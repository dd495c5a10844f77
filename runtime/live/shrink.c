/* SPDX-License-Identifier: Apache-2.0 */
#include "live/shrink.h"

/* Columns worked on at once: their sums stay in the fastest cache. */
enum { STRIP = 512 };

uint32_t shrink_factor(const struct frame *f, uint32_t size) {
    uint32_t side = f->width < f->height ? f->width : f->height, factor = side / (2 * size) & ~1u;
    return factor > SHRINK_MOST ? SHRINK_MOST : factor ? factor : 1;
}

static bool lies_down(const struct frame *f) {
    return f->rotation == 90 || f->rotation == 270;
}

uint32_t shrink_width(const struct frame *f, uint32_t factor) {
    return (lies_down(f) ? f->height : f->width) / factor;
}

uint32_t shrink_height(const struct frame *f, uint32_t factor) {
    return (lies_down(f) ? f->width : f->height) / factor;
}

/* One channel in memory: bytes from sample to sample, and how many pixels one stands for. */
struct channel {
    int plane;
    uint32_t offset, step, columns, rows;
};

static const struct channel channels[FRAME_FORMATS][3] = {
    [FRAME_RGB] = {{0, 0, 3, 1, 1}, {0, 1, 3, 1, 1}, {0, 2, 3, 1, 1}},
    [FRAME_BGR] = {{0, 2, 3, 1, 1}, {0, 1, 3, 1, 1}, {0, 0, 3, 1, 1}},
    [FRAME_GREY] = {{0, 0, 1, 1, 1}},
    [FRAME_NV12] = {{0, 0, 1, 1, 1}, {1, 0, 2, 2, 2}, {1, 1, 2, 2, 2}},
    [FRAME_YUV420] = {{0, 0, 1, 1, 1}, {1, 0, 1, 2, 2}, {2, 0, 1, 2, 2}},
    [FRAME_YUV422] = {{0, 0, 1, 1, 1}, {1, 0, 1, 2, 1}, {2, 0, 1, 2, 1}},
    [FRAME_YUV444] = {{0, 0, 1, 1, 1}, {1, 0, 1, 1, 1}, {2, 0, 1, 1, 1}},
    [FRAME_YUYV] = {{0, 0, 2, 1, 1}, {0, 1, 4, 2, 1}, {0, 3, 4, 2, 1}},
};

/* sums[i] += the next `across` samples, `step` bytes apart. The common cases are loops that compilers vectorize. */
static void add_row(const uint8_t *restrict p, uint32_t step, uint32_t across, uint32_t count, uint32_t *restrict sums) {
    if (across == 1 && step == 1) {
        for (uint32_t i = 0; i < count; i++) sums[i] += p[i];
    } else if (across == 2 && step == 1) {
        for (uint32_t i = 0; i < count; i++) sums[i] += (uint32_t)p[2 * i] + p[2 * i + 1];
    } else if (across == 1 && step == 2) {
        for (uint32_t i = 0; i < count; i++) sums[i] += p[2 * i];
    } else {
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t j = 0; j < across; j++, p += step) sums[i] += *p;
    }
}

/* Means of one channel over `count` blocks, the first of which begins at pixel (x, y). */
static void means(const struct frame *f, const struct channel *c, uint32_t factor, uint32_t x, uint32_t y, uint32_t count,
                  uint8_t *out) {
    uint32_t sums[STRIP] = {0}, across = factor / c->columns, down = factor / c->rows, n = across * down;
    const struct frame_plane *plane = &f->planes[c->plane];
    const uint8_t *first = plane->data + c->offset + (size_t)plane->stride * (y / c->rows) + (size_t)c->step * (x / c->columns);
    for (uint32_t r = 0; r < down; r++) add_row(first + (size_t)plane->stride * r, c->step, across, count, sums);
    uint32_t share = (uint32_t)((1ull << 32) / n) + ((n & (n - 1)) != 0); /* rounded up: exact for sums of 20 bits */
    if (n == 1)
        for (uint32_t i = 0; i < count; i++) out[i] = (uint8_t)sums[i];
    else
        for (uint32_t i = 0; i < count; i++) out[i] = (uint8_t)(((uint64_t)(sums[i] + n / 2) * share) >> 32);
}

static uint8_t clip8(int32_t v) {
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* The equations of base/frame.h over a strip; chroma NULL: grey. `step`: pixels from one to the next. */
static void strip_to_rgb(const struct frame_rule *r, uint8_t (*means_of)[STRIP], uint32_t count, uint8_t *rgb, ptrdiff_t step) {
    for (uint32_t i = 0; i < count; i++, rgb += 3 * step) {
        int32_t y = r->y_scale * (means_of[0][i] - r->y_zero) + 32768, d = means_of[1][i] - 128, e = means_of[2][i] - 128;
        rgb[0] = clip8((y + r->v_r * e) >> 16);
        rgb[1] = clip8((y - r->u_g * d - r->v_g * e) >> 16);
        rgb[2] = clip8((y + r->u_b * d) >> 16);
    }
}

static void strip_of_rgb(uint8_t (*means_of)[STRIP], uint32_t count, uint8_t *rgb, ptrdiff_t step) {
    for (uint32_t i = 0; i < count; i++, rgb += 3 * step)
        for (int c = 0; c < 3; c++) rgb[c] = means_of[c][i];
}

/* `count` pixels of row `y`, from pixel `x` of the smaller picture. */
static void strip(const struct frame *f, uint32_t factor, uint32_t left, uint32_t top, uint32_t x, uint32_t y, uint32_t count,
                  uint8_t *rgb, ptrdiff_t step) {
    uint8_t values[3][STRIP];
    for (int c = 0; c < 3; c++) {
        const struct channel *channel = &channels[f->format][c];
        if (channel->step)
            means(f, channel, factor, left + x * factor, top + y * factor, count, values[c]);
        else
            for (uint32_t i = 0; i < count; i++) values[c][i] = 128;
    }
    if (f->format == FRAME_RGB || f->format == FRAME_BGR)
        strip_of_rgb(values, count, rgb, step);
    else
        strip_to_rgb(frame_rule_of(f->matrix, f->full_range), values, count, rgb, step);
}

void shrink_to_rgb(const struct frame *f, uint32_t factor, uint8_t *rgb) {
    if (factor == 1) {
        frame_to_rgb(f, rgb);
        return;
    }
    ptrdiff_t w = f->width / factor, h = f->height / factor;
    uint32_t left = f->width % factor / 2 & ~1u, top = f->height % factor / 2 & ~1u; /* even: whole chroma samples */
    for (ptrdiff_t y = 0; y < h; y++) {
        ptrdiff_t first, step;
        switch (f->rotation) { /* as frame_to_rgb(): a row of the frame may be a column of the picture */
        case 90: first = h - 1 - y, step = h; break;
        case 180: first = (h - y) * w - 1, step = -1; break;
        case 270: first = (w - 1) * h + y, step = -h; break;
        default: first = y * w, step = 1;
        }
        for (ptrdiff_t x = 0; x < w; x += STRIP) {
            uint32_t count = (uint32_t)(w - x < STRIP ? w - x : STRIP);
            strip(f, factor, left, top, (uint32_t)x, (uint32_t)y, count, rgb + 3 * (first + x * step), step);
        }
    }
}
