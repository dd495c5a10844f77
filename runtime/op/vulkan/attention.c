/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/then.h"

#include <math.h>
#include <stddef.h>

enum { QUERIES = 4, CAPACITY_STEP = 32 }; /* fewer pipelines for texts of many lengths */

void vulkan_attention(struct op_list *list, const struct op_attention *a) {
    bool pooled = a->pooled.memory != NULL;
    struct op_rows query = pooled ? a->query : a->in;
    uint32_t head = a->width / a->heads, capacity = op_padded(a->tokens, CAPACITY_STEP);
    uint32_t queries = op_attention_queries(a);
    struct push {
        uint32_t tokens, queries, width, in_stride, query_stride, out_stride, out_panel;
        float scale;
        struct then_push then;
    } push = {a->tokens,
              queries,
              a->width / 4,
              a->in.stride / 4,
              query.stride / 4,
              a->out.stride / 4,
              op_panel(a->out),
              1.0f / sqrtf((float)head),
              then_push(&a->then, a->out, a->width)};
    struct op_view views[VK_MAX_BINDINGS] = {a->in.values, query.values, a->out.values, pooled ? a->pooled : a->in.values,
                                             a->in.values /* unused */};
    struct vk_dispatch dispatch = {
        .label = "attention",
        .shader = {.name = pooled ? "attention_pooled" : "attention",
                   .constants = {vulkan_of(list->device)->lanes, head / 4, capacity, a->causal},
                   .constant_count = 4,
                   .bindings = pooled ? 4 : 3},
        .groups = {op_groups(queries, QUERIES), a->heads, a->sequences},
        .bytes = op_attention_bytes(a),
        .macs = op_attention_macs(a),
    };
    const char *with_then = pooled ? "attention_pooled_then" : "attention_then";
    bool fuses = then_fuses(list, &a->then, with_then, dispatch.groups[0] * a->sequences);
    if (fuses) then_fuse(list, &a->then, with_then, &dispatch, views);
    vulkan_record(list, &dispatch, views, &push, fuses ? sizeof push : offsetof(struct push, then));
    if (!fuses) op_then_record(list, &a->then, a->out, queries * a->sequences, a->width);
}
