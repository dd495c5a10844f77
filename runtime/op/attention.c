/* SPDX-License-Identifier: Apache-2.0 */
#include "op/list.h"

#include <math.h>

enum { QUERIES = 4, CAPACITY_STEP = 32 }; /* fewer pipelines for texts of many lengths */

void op_attention(struct op_list *list, const struct op_attention *a) {
    bool pooled = a->pooled.memory != NULL;
    struct op_rows query = pooled ? a->query : a->in;
    uint32_t head = a->width / a->heads, capacity = op_padded(a->tokens, CAPACITY_STEP);
    uint32_t queries = pooled ? 1 : a->tokens;
    struct {
        uint32_t tokens, queries, width, in_stride, query_stride, out_stride, out_panel;
        float scale;
    } push = {a->tokens,        queries,           a->width / 4,     a->in.stride / 4,
              query.stride / 4, a->out.stride / 4, op_panel(a->out), 1.0f / sqrtf((float)head)};
    struct op_view views[] = {a->in.values, query.values, a->out.values, a->pooled};
    struct vk_dispatch dispatch = {
        .label = "attention",
        .shader = {.name = pooled ? "attention_pooled" : "attention",
                   .constants = {list->device->lanes, head / 4, capacity, a->causal},
                   .constant_count = 4,
                   .bindings = pooled ? 4 : 3},
        .groups = {op_groups(queries, QUERIES), a->heads, a->sequences},
        .macs = 2ull * a->sequences * queries * a->tokens * a->width,
    };
    op_list_record(list, &dispatch, views, &push, sizeof push);
}
