/* SPDX-License-Identifier: Apache-2.0
 * op_resize(): along the rows of the picture, then down its columns into patches. */
#include "op/cpu/cpu.h"

#include <string.h>

enum { ROWS = 4 }; /* of a task */

struct resize {
    const struct cpu_pixels *kernels;
    struct op_resize a;
    struct frame frame; /* of which the picture is, if a.frame */
};

/* Row `row` of the picture as upright RGB, with the room behind it that kernels read. */
static void read_row(const struct resize *s, uint32_t row, uint8_t *rgb) {
    size_t bytes = 3 * (size_t)s->a.in_width;
    if (s->a.frame)
        frame_row_to_rgb(&s->frame, row, rgb);
    else
        memcpy(rgb, (const uint8_t *)cpu_at(s->a.picture) + row * bytes, bytes);
    memset(rgb + bytes, 0, CPU_PIXEL_ROOM);
}

static void across_run(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct resize *s = args;
    const struct op_resize *a = &s->a;
    const struct cpu_axis axis = {cpu_at(a->x.first), cpu_at(a->x.weight), a->size, a->x.taps};
    uint32_t *between = cpu_at(a->between);
    uint32_t row = task * ROWS, rows = a->rows - row < ROWS ? a->rows - row : ROWS;
    uint8_t *rgb = cpu_scratch(worker);
    size_t stride = 3 * (size_t)a->in_width + CPU_PIXEL_ROOM;
    for (uint32_t r = 0; r < rows; r++) read_row(s, a->row0 + row + r, rgb + r * stride);
    s->kernels->across(rgb, stride, rows, a->in_width, &axis, between + (size_t)row * a->size);
}

/* The same into pieces of patches. */
static void store_pieces(const struct op_resize *a, uint32_t y, const uint8_t *pixels) {
    uint32_t side = a->patch_size, piece = a->piece, across = a->size / side, plane = piece * piece;
    for (uint32_t at = 0; at < a->size; at += piece) {
        uint32_t patch = a->out_row + y / side * across + at / side;
        float *to = cpu_row(a->out, op_piece_row(a, patch, at % side, y % side)) + y % piece * piece;
        for (uint32_t c = 0; c < 3; c++) {
            float factor = 1.0f / (255.0f * a->std[c]), offset = -a->mean[c] / a->std[c];
            for (uint32_t x = 0; x < piece; x++) to[c * plane + x] = (float)pixels[4 * (at + x) + c] * factor + offset;
        }
    }
}

/* A row of pixels, R G B 0, into the patches that it crosses: channel, y, x. */
static void store_row(const struct op_resize *a, uint32_t y, const uint8_t *pixels) {
    uint32_t side = a->patch_size, across = a->size / side, plane = side * side;
    for (uint32_t p = 0; p < across; p++) {
        float *to = cpu_row(a->out, a->out_row + y / side * across + p) + y % side * side;
        for (uint32_t c = 0; c < 3; c++) {
            float factor = 1.0f / (255.0f * a->std[c]), offset = -a->mean[c] / a->std[c];
            for (uint32_t x = 0; x < side; x++)
                to[c * plane + x] = (float)pixels[4 * (p * side + x) + c] * factor + offset;
        }
    }
}

static void down_run(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct resize *s = args;
    const struct op_resize *a = &s->a;
    const int32_t *first = cpu_at(a->y.first), *weight = cpu_at(a->y.weight);
    uint8_t *pixels = cpu_scratch(worker);
    size_t stride = 4 * (size_t)a->size;
    for (uint32_t y = task * ROWS; y < a->size && y < (task + 1) * ROWS; y++) {
        uint32_t from = (uint32_t)first[y] - a->row0, left = a->rows - from;
        uint32_t taps = a->y.taps < left ? a->y.taps : left; /* weights behind the end are 0 */
        s->kernels->down((const uint8_t *)cpu_at(a->between) + from * stride, stride, weight + (size_t)y * a->y.taps,
                         taps, 4 * a->size, pixels);
        if (a->piece)
            store_pieces(a, y, pixels);
        else
            store_row(a, y, pixels);
    }
}

void cpu_op_resize(struct op_list *list, const struct op_resize *resize) {
    const struct cpu_kernels *k = cpu_of(list->device)->kernels;
    struct resize s = {.kernels = k->pixels, .a = *resize};
    if (resize->frame) s.frame = *resize->frame;
    for (int i = 0; resize->frame && i < 3; i++)
        s.frame.planes[i].data = (const uint8_t *)cpu_at(resize->picture) + s.frame.planes[i].offset;
    struct cpu_step across = {
        .about = {.shader = k->name,
                  .label = "resize",
                  .bytes = 3ull * resize->in_width * resize->rows + 4ull * resize->size * resize->rows},
        .run = across_run,
        .tasks = op_groups(resize->rows, ROWS),
        .worker_bytes = ROWS * (3 * (size_t)resize->in_width + CPU_PIXEL_ROOM)};
    struct cpu_step down = {
        .about = {.shader = k->name,
                  .label = "resize",
                  .bytes = 4ull * resize->size * resize->rows + 12ull * resize->size * resize->size},
        .run = down_run,
        .tasks = op_groups(resize->size, ROWS),
        .worker_bytes = 4 * (size_t)resize->size};
    cpu_record(list, &across, &s, sizeof s);
    cpu_record(list, &down, &s, sizeof s);
}
