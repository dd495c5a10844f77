/* SPDX-License-Identifier: Apache-2.0 */
#include "op/list.h"

#include <math.h>

enum { QUERIES = 4, CAPACITY_STEP = 32 }; /* fewer pipelines for texts of many lengths */

void op_attention(struct op_list *list, const struct op_attention *a) {
    uint32_t head = a->width / a->heads, capacity = op_groups(a->tokens, CAPACITY_STEP) * CAPACITY_STEP;
    struct {
        uint32_t tokens, width, in_stride, out_stride;
        float scale;
    } push = {a->tokens, a->width / 4, a->in.stride / 4, a->out.stride / 4, 1.0f / sqrtf((float)head)};
    struct op_view views[] = {a->in.values, a->out.values};
    struct vk_dispatch dispatch = {
        .label = "attention",
        .shader = {.name = "attention",
                   .constants = {list->device->lanes, head / 4, capacity, a->causal},
                   .constant_count = 4,
                   .bindings = 2},
        .groups = {op_groups(a->tokens, QUERIES), a->heads, a->sequences},
        .macs = 2ull * a->sequences * a->tokens * a->tokens * a->width,
    };
    op_list_record(list, &dispatch, views, &push, sizeof push);
}
