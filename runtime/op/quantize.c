/* SPDX-License-Identifier: Apache-2.0 */
#include "op/product.h"

void op_quantize(struct op_list *list, struct op_rows in, struct op_rows out, uint32_t rows, uint32_t width) {
    struct {
        uint32_t words, in_stride, out_stride, out_panel;
    } push = {op_groups(width, 4), in.stride / 4, out.stride / 4, op_panel(out)};
    struct op_view views[] = {in.values, out.values, out.scales};
    struct vk_dispatch dispatch = {
        .label = "quantize",
        .bytes = op_bytes(in, rows, width) + op_bytes(out, rows, width),
        .shader = {.name = "quantize", .constants = {list->device->lanes}, .constant_count = 1, .bindings = 3},
        .groups = {rows, 1, 1},
    };
    op_list_record(list, &dispatch, views, &push, sizeof push);
}

struct op_rows op_ready_rows(const struct op_device *d, struct op_rows floats, struct op_rows room, uint32_t rows) {
    return op_input_is_int8(d) ? op_input_rows(d, room, rows) : floats;
}

struct op_rows op_input(struct op_list *list, struct op_rows in, uint32_t rows, uint32_t width, struct op_rows room) {
    struct op_rows ready = op_ready_rows(list->device, in, room, rows);
    if (ready.scales.memory) op_quantize(list, in, ready, rows, width);
    return ready;
}
