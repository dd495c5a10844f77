/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/linear.h"
#include "op/vulkan/linear_mma.h"

#include <assert.h>

/* Lanes that share their rows, and tiles of a workgroup. */
enum { TILE_LANES = 16, TILES = 4, UNIFORM_TILES = 16 };

uint32_t linear_in_scales(const struct op_linear *a) {
    return a->in.scales.memory ? op_apart(a->in.values, a->in.scales, sizeof(float)) : 0;
}

void linear_record(struct op_list *list, const struct op_linear *a, const char *shader_then, struct vk_dispatch *dispatch,
                   const void *push, uint32_t size) {
    struct op_view in = a->in.scales.memory ? op_span(a->in.values, a->in.scales) : a->in.values;
    struct op_view views[VK_MAX_BINDINGS] = {in, a->matrix->weights, a->matrix->scales, a->matrix->bias, a->out.values};
    dispatch->label = a->label;
    dispatch->shader.bindings = 5;
    dispatch->bytes = op_linear_bytes(a);
    dispatch->macs = op_linear_macs(a);
    bool fuses = then_fuses(list, &a->then, shader_then, dispatch->groups[1]);
    if (fuses) then_fuse(list, &a->then, shader_then, dispatch, views);
    vulkan_record(list, dispatch, views, push, fuses ? size : size - (uint32_t)sizeof(struct then_push));
    if (!fuses) op_then_record(list, &a->then, a->out, a->rows, op_linear_count(a));
}

static void split(struct op_list *list, const struct op_linear *a) {
    const struct vulkan_device *d = vulkan_of(list->device);
    const struct product_form *p = product_form(d->product);
    uint32_t count = op_linear_count(a), tile = p->int8_inputs ? 4 : 8, word = p->int8_inputs ? 16 : 4;
    struct {
        uint32_t rows, columns, column0, words, in_stride, out_stride, in_scales;
        struct then_push then;
    } push = {.rows = a->rows,
              .columns = count,
              .column0 = a->first,
              .words = op_stride(a->matrix->columns) / word,
              .in_stride = a->in.stride / word,
              .out_stride = a->out.stride,
              .in_scales = linear_in_scales(a),
              .then = then_push(&a->then, a->out, count)};
    struct vk_dispatch dispatch = {
        .shader = {.name = product_shader(d->product)->plain,
                   .constants = {d->vk.subgroup_size, a->activation, a->matrix->has_bias, a->add},
                   .constant_count = 4},
        .groups = {op_groups(count, tile), op_groups(a->rows, tile), 1},
    };
    linear_record(list, a, product_shader(d->product)->then, &dispatch, &push, sizeof push);
}

/* Tiles of a workgroup: of all rows where it computes them all, in rounds that are full. */
static uint32_t tiles_at_once(const struct product_form *p, uint32_t tiles) {
    if (!p->uniform) return tiles < TILES ? tiles : TILES;
    return op_groups(tiles, op_groups(tiles, UNIFORM_TILES));
}

static void tile(struct op_list *list, const struct op_linear *a) {
    const struct vulkan_device *d = vulkan_of(list->device);
    const struct product_form *p = product_form(d->product);
    uint32_t count = op_linear_count(a), c = p->columns, k = op_stride(a->matrix->columns);
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
              .in_scales = linear_in_scales(a),
              .then = then_push(&a->then, a->out, count)};
    struct vk_dispatch dispatch = {
        .shader = {.name = product_shader(d->product)->plain,
                   .constants = {TILE_LANES * at_once, a->activation, a->matrix->has_bias, a->add, panel, out_panels},
                   .constant_count = 6,
                   .full = p->uniform}, /* a subgroup has the 16 lanes of one tile */
        .groups = {op_groups(push.columns, TILE_LANES), p->uniform ? 1 : op_groups(tiles, at_once), 1},
    };
    linear_record(list, a, product_shader(d->product)->then, &dispatch, &push, sizeof push);
}

void vulkan_linear(struct op_list *list, const struct op_linear *a) {
    switch (product_form(vulkan_of(list->device)->product)->layout) {
    case LAYOUT_ROWS: split(list, a); break;
    case LAYOUT_TILES: mma_record(list, a, NULL); break;
    case LAYOUT_HALVES:
    case LAYOUT_BYTES: tile(list, a); break;
    }
}
