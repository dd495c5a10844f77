/* SPDX-License-Identifier: Apache-2.0 */
#include "op/list.h"

void op_norm(struct op_list *list, const struct op_norm *a) {
    bool tokens = a->tokens > 0, gather = a->gather.memory != NULL, quantize = a->out.scales.memory != NULL;
    struct {
        uint32_t words, in_stride, out_stride, tokens;
        float epsilon;
    } push = {a->width / 4, a->in.stride / 4, a->out.stride / 4, a->tokens, a->epsilon};
    struct op_view views[6] = {a->in.values, a->weight, a->bias, a->out.values};
    struct vk_dispatch dispatch = {
        .label = "norm",
        .shader = {.name = "norm", .constants = {list->device->lanes}, .constant_count = 1, .bindings = 4},
        .groups = {a->rows, 1, 1},
    };
    if (tokens) {
        dispatch.shader.name = "norm_tokens", dispatch.shader.bindings = 6;
        views[4] = a->class_token, views[5] = a->positions;
    } else if (gather) {
        dispatch.shader.name = "norm_gather", dispatch.shader.bindings = 5;
        views[4] = a->gather;
    } else if (quantize) {
        dispatch.shader.name = "norm_quantize", dispatch.shader.bindings = 5;
        views[4] = a->out.scales;
    }
    op_list_record(list, &dispatch, views, &push, sizeof push);
}
