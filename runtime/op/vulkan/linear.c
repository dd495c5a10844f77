/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/linear.h"
#include "op/vulkan/linear_mma.h"

#include <assert.h>

/* Lanes that share their rows, and tiles of a workgroup. */
enum { TILE_LANES = 16, TILES = 4, UNIFORM_TILES = 16 };

uint32_t linear_in_scales(const struct op_linear *linear) {
    return linear->in.scales.memory ? op_apart(linear->in.values, linear->in.scales, sizeof(float)) : 0;
}

void linear_record(struct op_list *list, const struct op_linear *linear, const char *shader_epilogue,
                   struct vk_dispatch *dispatch, const void *push, uint32_t size) {
    struct op_view in = linear->in.scales.memory ? op_span(linear->in.values, linear->in.scales) : linear->in.values;
    struct op_view views[VK_MAX_BINDINGS] = {in, linear->matrix->weights, linear->matrix->scales, linear->matrix->bias,
                                             linear->out.values};
    dispatch->label = linear->label;
    dispatch->shader.bindings = 5;
    dispatch->bytes = op_linear_bytes(linear);
    dispatch->macs = op_linear_macs(linear);
    /* The variant of a form makes inputs of its own kind: int8 where it takes int8. */
    bool alike = (linear->in.scales.memory != NULL) == (linear->epilogue.out.scales.memory != NULL);
    bool fuses = alike && epilogue_fuses(list, &linear->epilogue, shader_epilogue, dispatch->groups[1]);
    if (fuses) epilogue_fuse(list, &linear->epilogue, shader_epilogue, dispatch, views);
    vulkan_record(list, dispatch, views, push, fuses ? size : size - (uint32_t)sizeof(struct epilogue_push));
    if (!fuses) op_epilogue_record(list, &linear->epilogue, linear->out, linear->rows, op_linear_count(linear));
}

static enum product product_of(struct op_list *list, const struct op_linear *linear) {
    return product_for(vulkan_of(list->device), !linear->in.scales.memory);
}

static void split(struct op_list *list, const struct op_linear *linear) {
    const struct vulkan_device *d = vulkan_of(list->device);
    enum product product = product_of(list, linear);
    const struct product_form *p = product_form(product);
    uint32_t count = op_linear_count(linear), tile = p->int8_inputs ? 4 : 8, word = p->int8_inputs ? 16 : 4;
    struct {
        uint32_t rows, columns, column0, words, in_stride, out_stride, in_scales;
        struct epilogue_push epilogue;
    } push = {.rows = linear->rows,
              .columns = count,
              .column0 = linear->first,
              .words = op_stride(linear->matrix->columns) / word,
              .in_stride = linear->in.stride / word,
              .out_stride = linear->out.stride,
              .in_scales = linear_in_scales(linear),
              .epilogue = epilogue_push(&linear->epilogue, linear->out, count)};
    struct vk_dispatch dispatch = {
        .shader = {.name = product_shader(product)->plain,
                   .constants = {d->vk.subgroup_size, linear->activation, linear->matrix->has_bias, linear->add},
                   .constant_count = 4},
        .groups = {op_groups(count, tile), op_groups(linear->rows, tile), 1},
    };
    linear_record(list, linear, product_shader(product)->epilogue, &dispatch, &push, sizeof push);
}

/* Tiles of a workgroup: of all rows where it computes them all, in rounds that are full. */
static uint32_t tiles_at_once(const struct product_form *p, uint32_t tiles) {
    if (!p->uniform) return tiles < TILES ? tiles : TILES;
    return op_groups(tiles, op_groups(tiles, UNIFORM_TILES));
}

static void tile(struct op_list *list, const struct op_linear *linear) {
    enum product product = product_of(list, linear);
    const struct product_form *p = product_form(product);
    uint32_t count = op_linear_count(linear), c = p->columns, k = op_stride(linear->matrix->columns);
    uint32_t panel = op_panel(linear->in), tiles = op_groups(linear->rows, panel), at_once = tiles_at_once(p, tiles);
    bool out_panels = linear->out.panel > 1;
    assert(panel <= p->rows && (!out_panels || (linear->out.panel == panel && !linear->add)));
    struct {
        uint32_t rows, columns, column0, steps, in_stride, out_stride, row_words, in_scales;
        struct epilogue_push epilogue;
    } push = {.rows = linear->rows,
              .columns = op_groups(count, c),
              .column0 = linear->first / c,
              .steps = k / (p->int8_inputs ? 16 : 4),
              .in_stride = linear->in.stride * panel / (p->int8_inputs ? 16 : 4),
              .out_stride = linear->out.stride / c,
              .row_words = product_row_words(p, linear->matrix),
              .in_scales = linear_in_scales(linear),
              .epilogue = epilogue_push(&linear->epilogue, linear->out, count)};
    struct vk_dispatch dispatch = {
        .shader = {.name = product_shader(product)->plain,
                   .constants = {TILE_LANES * at_once, linear->activation, linear->matrix->has_bias, linear->add, panel,
                                 out_panels},
                   .constant_count = 6,
                   .full = p->uniform}, /* a subgroup has the 16 lanes of one tile */
        .groups = {op_groups(push.columns, TILE_LANES), p->uniform ? 1 : op_groups(tiles, at_once), 1},
    };
    linear_record(list, linear, product_shader(product)->epilogue, &dispatch, &push, sizeof push);
}

void vulkan_linear(struct op_list *list, const struct op_linear *linear) {
    switch (product_form(product_of(list, linear))->layout) {
    case LAYOUT_ROWS: split(list, linear); break;
    case LAYOUT_TILES: mma_record(list, linear, NULL); break;
    case LAYOUT_HALVES:
    case LAYOUT_BYTES: tile(list, linear); break;
    }
}
