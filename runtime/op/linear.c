/* SPDX-License-Identifier: Apache-2.0 */
#include "op/linear_mma.h"
#include "op/product.h"

#include <assert.h>

/* Lanes that share their rows, and tiles of a workgroup. */
enum { TILE_LANES = 16, TILES = 4, UNIFORM_TILES = 16 };

bool op_input_is_int8(const struct op_device *d) {
    return product_of(d->product)->int8_inputs;
}

struct op_rows op_input_rows(const struct op_device *d, struct op_rows in, uint32_t rows) {
    in.panel = product_panel(product_of(d->product), rows);
    return in;
}

struct op_rows op_unready_rows(const struct op_device *d, struct op_rows in, uint32_t rows) {
    return op_input_is_int8(d) ? in : op_input_rows(d, in, rows);
}

static void split(struct op_list *list, const struct op_linear *a, const struct product *p) {
    uint32_t count = product_count(a), tile = p->int8_inputs ? 4 : 8, word = p->int8_inputs ? 16 : 4;
    struct {
        uint32_t rows, columns, column0, words, in_stride, out_stride, in_scales;
        struct then_push then;
    } push = {.rows = a->rows,
              .columns = count,
              .column0 = a->first,
              .words = op_stride(a->matrix->columns) / word,
              .in_stride = a->in.stride / word,
              .out_stride = a->out.stride,
              .in_scales = product_in_scales(a),
              .then = then_push(&a->then, a->out, count)};
    struct vk_dispatch dispatch = {
        .shader = {.name = p->shader,
                   .constants = {list->device->vk.subgroup_size, a->activation, a->matrix->has_bias, a->add},
                   .constant_count = 4},
        .groups = {op_groups(count, tile), op_groups(a->rows, tile), 1},
    };
    product_record(list, a, p->shader_then, &dispatch, &push, sizeof push);
}

/* Tiles of a workgroup: of all rows where it computes them all, in rounds that are full. */
static uint32_t tiles_at_once(const struct product *p, uint32_t tiles) {
    if (!p->uniform) return tiles < TILES ? tiles : TILES;
    return op_groups(tiles, op_groups(tiles, UNIFORM_TILES));
}

static void tile(struct op_list *list, const struct op_linear *a, const struct product *p) {
    uint32_t count = product_count(a), c = p->columns, k = op_stride(a->matrix->columns);
    uint32_t panel = product_panel(p, a->rows), tiles = op_groups(a->rows, panel), at_once = tiles_at_once(p, tiles);
    bool out_panels = a->out.panel > 1;
    assert(a->in.panel == panel && (!out_panels || (a->out.panel == panel && !a->add)));
    struct {
        uint32_t rows, columns, column0, steps, in_stride, out_stride, row_words, in_scales;
        struct then_push then;
    } push = {.rows = a->rows,
              .columns = op_groups(count, c),
              .column0 = a->first / c,
              .steps = k / (p->int8_inputs ? 16 : 4),
              .in_stride = a->in.stride * panel / (p->int8_inputs ? 16 : 4),
              .out_stride = a->out.stride / c,
              .row_words = product_row_words(p, a->matrix),
              .in_scales = product_in_scales(a),
              .then = then_push(&a->then, a->out, count)};
    struct vk_dispatch dispatch = {
        .shader = {.name = p->shader,
                   .constants = {TILE_LANES * at_once, a->activation, a->matrix->has_bias, a->add, panel, out_panels},
                   .constant_count = 6,
                   .full = p->uniform}, /* a subgroup has the 16 lanes of one tile */
        .groups = {op_groups(push.columns, TILE_LANES), p->uniform ? 1 : op_groups(tiles, at_once), 1},
    };
    product_record(list, a, p->shader_then, &dispatch, &push, sizeof push);
}

void op_linear(struct op_list *list, const struct op_linear *a) {
    const struct product *p = product_of(list->device->product);
    if (p->weights == PRODUCT_ROWS)
        split(list, a, p);
    else if (p->weights == PRODUCT_TILES)
        mma_record(list, a, NULL);
    else
        tile(list, a, p);
}
