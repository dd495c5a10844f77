/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/vulkan.h"

void vulkan_norm(struct op_list *list, const struct op_norm *a) {
    bool tokens = a->tokens > 0, gather = a->gather.memory != NULL, quantize = a->out.scales.memory != NULL;
    struct {
        uint32_t words, in_stride, out_stride, tokens;
        float epsilon;
        uint32_t out_panel, picked_stride;
    } push = {a->width / 4, a->in.stride / 4, a->out.stride / 4, a->tokens, a->epsilon, op_panel(a->out), a->picked.stride / 4};
    struct op_view views[] = {a->in.values,
                              a->weight,
                              a->bias,
                              a->out.values,
                              quantize ? a->out.scales : a->out.values,
                              gather ? a->gather : a->class_token,
                              gather ? a->picked.values : a->positions};
    struct vk_dispatch dispatch = {
        .label = "norm",
        .bytes = op_bytes(a->in, a->rows, a->width) + op_bytes(a->out, a->rows, a->width),
        .shader = {.name = tokens               ? "norm_tokens"
                           : gather && quantize ? "norm_gather_quantize"
                           : gather             ? "norm_gather"
                           : quantize           ? "norm_quantize"
                                                : "norm",
                   .constants = {vulkan_of(list->device)->lanes},
                   .constant_count = 1,
                   .bindings = tokens || gather ? 7
                               : quantize       ? 5
                                                : 4},
        .groups = {a->rows, 1, 1},
    };
    vulkan_record(list, &dispatch, views, &push, sizeof push);
}
