/* SPDX-License-Identifier: Apache-2.0 */
#include "op/cpu/linear.h"
#include "op/backend.h"
#include "op/cpu/panels.h"

/* Rows that share a pass over the panels. A long K is done in parts, each with all panels of a task. So the part of a
 * panel stays in the first level of the cache, and that of the inputs in the second. */
enum { BLOCK = 128, BLOCK_MOST = BLOCK + 16, PANELS = 4, PANEL_MOST = 32, VECTOR_MOST = 16, K_MOST = 1024 };

struct scratch {
    const void *owner; /* whose inputs are there, of which run and block of rows */
    uint32_t serial, block;
    _Alignas(64)
        int32_t sums[PANELS][BLOCK_MOST * PANEL_MOST + VECTOR_MOST]; /* a part of a panel is read by whole vectors */
    _Alignas(64) uint8_t inputs[];
};

static size_t aligned(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static size_t input_stride(const struct cpu_kernels *k, uint32_t padded) {
    return input_bytes(&k->dot, padded);
}

size_t linear_scratch(const struct cpu_kernels *kernels, uint32_t padded) {
    return aligned(sizeof(struct scratch)) + aligned(BLOCK_MOST * input_stride(kernels, padded));
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

uint32_t linear_tasks(const struct cpu_linear *linear) {
    return op_groups(linear->rows, block_rows(linear)) * parts(linear);
}

/* The inputs of a block, as the kernel wants them: made once for all panels that this worker does. */
static void prepare(const struct cpu_linear *l, struct scratch *scratch, uint32_t block, uint32_t row0, uint32_t rows,
                    uint32_t serial) {
    size_t stride = input_stride(l->kernels, l->padded);
    if (scratch->owner == l && scratch->serial == serial && scratch->block == block) return;
    for (uint32_t r = 0; r < rows; r++)
        input_row(&l->kernels->dot, l->in + (size_t)(row0 + r) * l->in_stride, l->padded, scratch->inputs + r * stride);
    scratch->owner = l, scratch->serial = serial, scratch->block = block;
}

/* Numbers k and on of K, `count` of them, of a panel that the kernel finds at `panel`; they are added to the sums
 * unless k is 0.
 */
struct part {
    uint32_t k, count;
    const int8_t *panel, *next; /* next: what is computed with afterwards */
};

static void dot_tile(const struct cpu_linear *l, const struct scratch *scratch, const struct part *p, uint32_t row,
                     uint32_t rows, int32_t *sums) {
    const struct cpu_dot *dot = &l->kernels->dot;
    size_t stride = input_stride(l->kernels, l->padded);
    int32_t more[PANEL_MOST * PANEL_MOST];
    sums += row * dot->columns;
    dot->tile(scratch->inputs + row * stride + p->k, stride, p->panel, p->count / dot->group, rows, p->k ? more : sums);
    for (uint32_t i = 0; p->k && i < rows * dot->columns; i++) sums[i] += more[i];
}

/* A share of what comes next, on its way from memory while this is computed with. */
static void fetch_next(const struct part *p, size_t bytes, uint32_t index, uint32_t count) {
    size_t each = aligned(bytes / count), end = each * (index + 1) < bytes ? each * (index + 1) : bytes;
    for (size_t at = each * index; at < end; at += 64) __builtin_prefetch(p->next + at, 0, 2);
}

static void dot_part(const struct cpu_linear *l, const struct scratch *scratch, const struct part *p, uint32_t rows,
                     int32_t *sums) {
    const struct cpu_dot *dot = &l->kernels->dot;
    uint32_t tile = op_tile(rows, dot->rows), tiles = op_groups(rows, tile);
    for (uint32_t t = 0; t < tiles; t++) {
        uint32_t row = t * tile, count = rows - row < tile ? rows - row : tile;
        fetch_next(p, (size_t)p->count * dot->columns, t, tiles);
        dot_tile(l, scratch, p, row, count, sums);
    }
}

static void float_panel(const struct cpu_linear *l, struct scratch *scratch, const int8_t *panel, uint32_t row0,
                        uint32_t rows) {
    const struct cpu_float *f = &l->kernels->floats;
    uint32_t tile = op_tile(rows, f->rows);
    for (uint32_t r = 0; r < rows; r += tile)
        f->tile(l->in_floats + (size_t)(row0 + r) * l->in_stride, l->in_stride, panel, l->padded,
                rows - r < tile ? rows - r : tile, (float *)scratch->sums[0] + r * f->columns);
}

/* Finishes the columns of panel `index` that were asked for. */
static void finish(const struct cpu_linear *l, const int32_t *sums, uint32_t index, uint32_t row0, uint32_t rows) {
    struct cpu_finish f = l->finish;
    uint32_t columns = columns_of(l), begin = index * columns, end = begin + columns, last = l->first + l->count;
    uint32_t from = begin < l->first ? l->first : begin;
    f.dot = l->in ? sums + (from - begin) : NULL;
    f.floats = l->in ? NULL : (const float *)sums + (from - begin);
    f.panel = columns, f.rows = rows, f.columns = (end < last ? end : last) - from;
    if (f.in_scales) f.in_scales += row0;
    f.scales += from;
    if (f.bias) f.bias += from;
    f.out += row0 * f.out_stride + from - l->first;
    l->kernels->rows->finish(&f);
}

/* One task: panels first to last. */
struct work {
    uint32_t first, last, row0, rows;
};

static void float_work(const struct cpu_linear *l, struct scratch *scratch, const struct work *w) {
    size_t bytes = panel_float_bytes(&l->kernels->floats, l->padded);
    for (uint32_t i = w->first; i < w->last; i++) {
        float_panel(l, scratch, l->panels + i * bytes, w->row0, w->rows);
        finish(l, scratch->sums[0], i, w->row0, w->rows);
    }
}

/* Panels of CPU_BIASED inputs begin with what belongs to all of K, and so do rows of CPU_CLIPPED end: they are computed
 * whole. */
static void dot_work(const struct cpu_linear *l, struct scratch *scratch, const struct work *w) {
    const struct cpu_dot *dot = &l->kernels->dot;
    uint32_t most = dot->input == CPU_BIASED || dot->input == CPU_CLIPPED ? l->padded : K_MOST;
    size_t bytes = panel_bytes(dot, l->padded);
    for (uint32_t k = 0; k < l->padded; k += most) {
        struct part p = {.k = k, .count = l->padded - k < most ? l->padded - k : most};
        for (uint32_t i = w->first; i < w->last; i++) {
            p.panel = l->panels + i * bytes + (size_t)k * dot->columns;
            p.next = i + 1 < w->last || k + most >= l->padded
                         ? p.panel + bytes
                         : l->panels + w->first * bytes + (size_t)(k + most) * dot->columns;
            dot_part(l, scratch, &p, w->rows, scratch->sums[i - w->first]);
            if (k + p.count == l->padded) finish(l, scratch->sums[i - w->first], i, w->row0, w->rows);
        }
    }
}

void linear_run(const void *linear, uint32_t task, const struct thread_pool_worker *worker) {
    const struct cpu_linear *l = linear;
    struct scratch *scratch = worker->scratch;
    uint32_t height = block_rows(l), block = task / parts(l), columns = columns_of(l);
    uint32_t end = op_groups(l->first + l->count, columns);
    struct work w = {.first = l->first / columns + task % parts(l) * PANELS, .row0 = block * height};
    w.rows = l->rows - w.row0 < height ? l->rows - w.row0 : height;
    w.last = w.first + PANELS < end ? w.first + PANELS : end;
    if (l->in) {
        prepare(l, scratch, block, w.row0, w.rows, worker->serial);
        dot_work(l, scratch, &w);
    } else {
        float_work(l, scratch, &w);
    }
}
