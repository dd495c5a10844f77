/* SPDX-License-Identifier: Apache-2.0 */
#include "op/list.h"

enum { TILE = 8 }; /* rows of all, and columns of linear_split, that a workgroup computes */

bool op_input_is_int8(const struct op_device *d) {
    return d->product == OP_PRODUCT_DOT;
}

void op_linear(struct op_list *list, const struct op_linear *a) {
    enum op_product product = list->device->product;
    bool split = product == OP_PRODUCT_SPLIT, dot = product == OP_PRODUCT_DOT;
    uint32_t k = op_stride(a->matrix->columns), per_word = split ? 4 : 16;
    uint32_t lanes = split ? list->device->vk.subgroup_size : list->device->lanes;
    struct {
        uint32_t rows, columns, steps, in_stride, out_stride;
    } push = {.rows = a->rows,
              .columns = a->matrix->rows,
              .steps = k / per_word,
              .in_stride = a->in.stride / (dot ? 16 : 4),
              .out_stride = a->out.stride};
    struct op_view views[] = {a->in.values, a->matrix->weights, a->matrix->scales, a->matrix->bias, a->out.values, a->in.scales};
    struct vk_dispatch dispatch = {
        .label = a->label,
        .shader = {.name = split ? "linear_split"
                           : dot ? "linear_dot"
                                 : "linear_tile",
                   .constants = {lanes, a->activation, a->matrix->has_bias, a->add},
                   .constant_count = 4,
                   .bindings = dot ? 6 : 5},
        .groups = {op_groups(push.columns, split ? TILE : lanes), op_groups(a->rows, TILE), 1},
        .macs = (uint64_t)a->rows * a->matrix->rows * a->matrix->columns,
    };
    op_list_record(list, &dispatch, views, &push, sizeof push);
}
