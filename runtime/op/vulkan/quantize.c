/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/vulkan.h"

void vulkan_quantize(struct op_list *list, struct op_rows in, struct op_rows out, uint32_t rows, uint32_t width) {
    struct {
        uint32_t words, in_stride, out_stride, out_panel;
    } push = {op_groups(width, 4), in.stride / 4, out.stride / 4, op_panel(out)};
    struct op_view views[] = {in.values, out.values, out.scales};
    struct vk_dispatch dispatch = {
        .label = "quantize",
        .bytes = op_bytes(in, rows, width) + op_bytes(out, rows, width),
        .shader = {.name = "quantize",
                   .constants = {vulkan_of(list->device)->lanes},
                   .constant_count = 1,
                   .bindings = 3},
        .groups = {rows, 1, 1},
    };
    vulkan_record(list, &dispatch, views, &push, sizeof push);
}
