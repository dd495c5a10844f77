/* SPDX-License-Identifier: Apache-2.0 */
#include "op/vulkan/epilogue.h"

#include <math.h>
#include <stddef.h>

enum { QUERIES = 4, CAPACITY_STEP = 32 }; /* fewer pipelines for texts of many lengths */

void vulkan_attention(struct op_list *list, const struct op_attention *attention) {
    bool pooled = attention->pooled.memory != NULL;
    struct op_rows query = pooled ? attention->query : attention->in;
    uint32_t head = attention->width / attention->heads, capacity = op_padded(attention->tokens, CAPACITY_STEP);
    uint32_t queries = op_attention_queries(attention);
    struct push {
        uint32_t tokens, queries, width, in_stride, query_stride, out_stride, out_panel;
        float scale;
        struct epilogue_push epilogue;
    } push = {attention->tokens,
              queries,
              attention->width / 4,
              attention->in.stride / 4,
              query.stride / 4,
              attention->out.stride / 4,
              op_panel(attention->out),
              1.0f / sqrtf((float)head),
              epilogue_push(&attention->epilogue, attention->out, attention->width)};
    struct op_view views[VK_MAX_BINDINGS] = {attention->in.values, query.values, attention->out.values,
                                             pooled ? attention->pooled : attention->in.values,
                                             attention->in.values /* unused */};
    struct vk_dispatch dispatch = {
        .label = "attention",
        .shader = {.name = pooled ? "attention_pooled" : "attention",
                   .constants = {vulkan_of(list->device)->lanes, head / 4, capacity, attention->causal},
                   .constant_count = 4,
                   .bindings = pooled ? 4 : 3},
        .groups = {op_groups(queries, QUERIES), attention->heads, attention->sequences},
        .bytes = op_attention_bytes(attention),
        .macs = op_attention_macs(attention),
    };
    const char *with_epilogue = pooled ? "attention_pooled_row_epilogue" : "attention_row_epilogue";
    bool fuses = epilogue_fuses(list, &attention->epilogue, with_epilogue, dispatch.groups[0] * attention->sequences);
    if (fuses) epilogue_fuse(list, &attention->epilogue, with_epilogue, &dispatch, views);
    vulkan_record(list, &dispatch, views, &push, fuses ? sizeof push : offsetof(struct push, epilogue));
    if (!fuses)
        op_epilogue_record(list, &attention->epilogue, attention->out, queries * attention->sequences,
                           attention->width);
}
