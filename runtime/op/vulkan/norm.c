/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/vulkan.h"

void vulkan_norm(struct op_list *list, const struct op_norm *norm) {
    bool tokens = norm->tokens > 0, gather = norm->gather.memory != NULL, quantize = norm->out.scales.memory != NULL;
    struct {
        uint32_t words, in_stride, out_stride, tokens;
        float epsilon;
        uint32_t out_panel, picked_stride;
    } push = {norm->width / 4, norm->in.stride / 4, norm->out.stride / 4,   norm->tokens,
              norm->epsilon,   op_panel(norm->out), norm->picked.stride / 4};
    bool plain = norm->weight.memory == NULL; /* its two views are bound, not read */
    struct op_view views[] = {norm->in.values,
                              plain ? norm->in.values : norm->weight,
                              plain ? norm->in.values : norm->bias,
                              norm->out.values,
                              quantize ? norm->out.scales : norm->out.values,
                              gather ? norm->gather : norm->class_token,
                              gather ? norm->picked.values : norm->positions};
    struct vk_dispatch dispatch = {
        .label = "norm",
        .bytes = op_bytes(norm->in, norm->rows, norm->width) + op_bytes(norm->out, norm->rows, norm->width),
        .shader = {.name = tokens && plain      ? "rows_tokens"
                           : plain              ? "rows"
                           : tokens             ? "norm_tokens"
                           : gather && quantize ? "norm_gather_quantize"
                           : gather             ? "norm_gather"
                           : quantize           ? "norm_quantize"
                                                : "norm",
                   .constants = {vulkan_of(list->device)->lanes},
                   .constant_count = 1,
                   .bindings = tokens || gather ? 7
                               : quantize       ? 5
                                                : 4},
        .groups = {norm->rows, 1, 1},
    };
    vulkan_record(list, &dispatch, views, &push, sizeof push);
}
