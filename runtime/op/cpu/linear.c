/* SPDX-License-Identifier: Apache-2.0 */
#include "op/cpu/linear.h"
#include "op/backend.h"
#include "op/cpu/panels.h"

/* Rows that share a pass over the panels: their inputs stay in the second level of the cache. Of a long K a part at a time, so
 * that a panel's part stays in the first. */
enum { BLOCK = 64, BLOCK_MOST = BLOCK + 16, PANELS = 4, PANEL_MOST = 32, VECTOR_MOST = 16, K_MOST = 1024 };

struct room {
    const void *owner; /* whose inputs are there, of which run and block of rows */
    uint32_t serial, block;
    _Alignas(64) int32_t sums[BLOCK_MOST * PANEL_MOST + VECTOR_MOST]; /* a part of a panel is read by whole vectors */
    _Alignas(64) uint8_t inputs[];
};

static size_t aligned(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static size_t input_stride(const struct cpu_kernels *k, uint32_t padded) {
    return input_bytes(&k->dot, padded);
}

size_t linear_room(const struct cpu_kernels *k, uint32_t padded) {
    return aligned(sizeof(struct room)) + aligned(BLOCK_MOST * input_stride(k, padded));
}

static uint32_t columns_of(const struct cpu_linear *l) {
    return l->in ? l->kernels->dot.columns : l->kernels->floats.columns;
}

/* Panels that hold the rows first to first + count of the matrix, by PANELS. */
static uint32_t parts(const struct cpu_linear *l) {
    uint32_t columns = columns_of(l);
    return op_groups(op_groups(l->first + l->count, columns) - l->first / columns, PANELS);
}

/* Rows of a block: as few blocks as can be, each of as many whole tiles. */
static uint32_t block_rows(const struct cpu_linear *l) {
    uint32_t tile = l->in ? l->kernels->dot.rows : l->kernels->floats.rows;
    return op_padded(op_groups(l->rows, op_groups(l->rows, BLOCK)), tile);
}

uint32_t linear_tasks(const struct cpu_linear *l) {
    return op_groups(l->rows, block_rows(l)) * parts(l);
}

/* The inputs of a block, as the kernel wants them: made once for all panels that this worker does. */
static void prepare(const struct cpu_linear *l, struct room *room, uint32_t block, uint32_t row0, uint32_t rows,
                    uint32_t serial) {
    size_t stride = input_stride(l->kernels, l->padded);
    if (room->owner == l && room->serial == serial && room->block == block) return;
    for (uint32_t r = 0; r < rows; r++)
        input_row(&l->kernels->dot, l->in + (size_t)(row0 + r) * l->in_stride, l->padded, room->inputs + r * stride);
    room->owner = l, room->serial = serial, room->block = block;
}

/* A tile of all K; the first panels of CPU_BIASED inputs begin with what belongs to all of it. */
static void dot_whole(const struct cpu_linear *l, struct room *room, const int8_t *panel, uint32_t row, uint32_t rows) {
    const struct cpu_dot *dot = &l->kernels->dot;
    size_t stride = input_stride(l->kernels, l->padded);
    dot->tile(room->inputs + row * stride, stride, panel, l->padded / dot->group, rows, room->sums + row * dot->columns);
}

/* Numbers k and on of it, which are added to what there is. */
static void dot_part(const struct cpu_linear *l, struct room *room, const int8_t *panel, uint32_t row, uint32_t rows,
                     uint32_t k) {
    const struct cpu_dot *dot = &l->kernels->dot;
    size_t stride = input_stride(l->kernels, l->padded);
    uint32_t left = l->padded - k, count = left < K_MOST ? left : K_MOST;
    int32_t more[PANEL_MOST * PANEL_MOST], *sums = room->sums + row * dot->columns;
    dot->tile(room->inputs + row * stride + input_bytes(dot, k), stride, panel + (size_t)k * dot->columns, count / dot->group,
              rows, k ? more : sums);
    for (uint32_t i = 0; k && i < rows * dot->columns; i++) sums[i] += more[i];
}

/* Part `index` of `count` of the next panel, on its way from memory while this one is computed with. */
static void fetch_next(const int8_t *panel, size_t bytes, uint32_t index, uint32_t count) {
    const int8_t *next = panel + bytes;
    size_t each = aligned(bytes / count), end = each * (index + 1) < bytes ? each * (index + 1) : bytes;
    for (size_t at = each * index; at < end; at += 64) __builtin_prefetch(next + at, 0, 2);
}

static void dot_panel(const struct cpu_linear *l, struct room *room, const int8_t *panel, size_t bytes, uint32_t rows) {
    const struct cpu_dot *dot = &l->kernels->dot;
    uint32_t tile = op_tile(rows, dot->rows), tiles = op_groups(rows, tile);
    bool whole = dot->input == CPU_BIASED || l->padded <= K_MOST;
    uint32_t parts = whole ? 1 : op_groups(l->padded, K_MOST);
    for (uint32_t part = 0; part < parts; part++)
        for (uint32_t t = 0; t < tiles; t++) {
            uint32_t row = t * tile, count = rows - row < tile ? rows - row : tile;
            fetch_next(panel, bytes, part * tiles + t, parts * tiles);
            if (whole)
                dot_whole(l, room, panel, row, count);
            else
                dot_part(l, room, panel, row, count, part * K_MOST);
        }
}

static void float_panel(const struct cpu_linear *l, struct room *room, const int8_t *panel, uint32_t row0, uint32_t rows) {
    const struct cpu_float *f = &l->kernels->floats;
    uint32_t tile = op_tile(rows, f->rows);
    for (uint32_t r = 0; r < rows; r += tile)
        f->tile(l->in_floats + (size_t)(row0 + r) * l->in_stride, l->in_stride, panel, l->padded,
                rows - r < tile ? rows - r : tile, (float *)room->sums + r * f->columns);
}

/* What of panel `index` is asked for. */
static void finish(const struct cpu_linear *l, const struct room *room, uint32_t index, uint32_t row0, uint32_t rows) {
    struct cpu_finish f = l->finish;
    uint32_t columns = columns_of(l), begin = index * columns, end = begin + columns, last = l->first + l->count;
    uint32_t from = begin < l->first ? l->first : begin;
    f.dot = l->in ? room->sums + (from - begin) : NULL;
    f.floats = l->in ? NULL : (const float *)room->sums + (from - begin);
    f.panel = columns, f.rows = rows, f.columns = (end < last ? end : last) - from;
    if (f.in_scales) f.in_scales += row0;
    f.scales += from;
    if (f.bias) f.bias += from;
    f.out += row0 * f.out_stride + from - l->first;
    l->kernels->rows->finish(&f);
}

void linear_run(const void *linear, uint32_t task, const struct pool_worker *worker) {
    const struct cpu_linear *l = linear;
    struct room *room = worker->room;
    uint32_t height = block_rows(l), block = task / parts(l), row0 = block * height;
    uint32_t rows = l->rows - row0 < height ? l->rows - row0 : height;
    uint32_t columns = columns_of(l), first = l->first / columns + task % parts(l) * PANELS;
    uint32_t end = op_groups(l->first + l->count, columns), last = first + PANELS < end ? first + PANELS : end;
    size_t bytes = l->in ? panel_bytes(&l->kernels->dot, l->padded) : panel_float_bytes(&l->kernels->floats, l->padded);
    if (l->in) prepare(l, room, block, row0, rows, worker->serial);
    for (uint32_t i = first; i < last; i++) {
        if (l->in)
            dot_panel(l, room, l->panels + i * bytes, bytes, rows);
        else
            float_panel(l, room, l->panels + i * bytes, row0, rows);
        finish(l, room, i, row0, rows);
    }
}
