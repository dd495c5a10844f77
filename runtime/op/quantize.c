/* SPDX-License-Identifier: Apache-2.0 */
#include "op/product.h"

struct op_rows op_input(struct op_list *list, struct op_rows in, uint32_t rows, uint32_t width, struct op_rows room) {
    if (!op_input_is_int8(list->device)) return in;
    room = op_input_rows(list->device, room, rows);
    struct {
        uint32_t words, in_stride, out_stride, out_panel;
    } push = {op_groups(width, 4), in.stride / 4, room.stride / 4, room.panel};
    struct op_view views[] = {in.values, room.values, room.scales};
    struct vk_dispatch dispatch = {
        .label = "quantize",
        .shader = {.name = "quantize", .constants = {list->device->lanes}, .constant_count = 1, .bindings = 3},
        .groups = {rows, 1, 1},
    };
    op_list_record(list, &dispatch, views, &push, sizeof push);
    return room;
}
