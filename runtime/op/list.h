/* SPDX-License-Identifier: Apache-2.0
 * Inside of runtime/op: what op_device, op_memory and op_list are made of. */
#ifndef OP_LIST_H
#define OP_LIST_H

#include "op/op.h"
#include "vk/commands.h"

struct op_device {
    struct vk_device vk;
    enum op_product product;
    uint32_t lanes; /* of a workgroup, for ops that work on rows */
    bool fuses;     /* the last workgroup makes the next product's input: then.h */
    bool chosen;    /* product and fuses are final: forced, timed or remembered */
    bool unproved;  /* they were timed just now, and are not remembered yet */
    struct op_memory *counters;
};

struct op_memory {
    struct vk_buffer vk;
};

struct op_list {
    struct op_device *device;
    struct vk_commands commands;
    int status; /* first fault since op_list_begin */
};

/* Records a dispatch unless the list has failed. */
void op_list_record(struct op_list *list, const struct vk_dispatch *dispatch, const struct op_view *views, const void *push,
                    uint32_t push_size);

static inline uint32_t op_groups(uint32_t items, uint32_t of) {
    return (items + of - 1) / of;
}

static inline uint32_t op_padded(uint32_t items, uint32_t of) {
    return op_groups(items, of) * of;
}

/* Of `count` rows as op_rows describes them. */
static inline uint64_t op_bytes(struct op_rows rows, uint32_t count, uint32_t width) {
    return (uint64_t)count * (rows.scales.memory ? width + sizeof(float) : width * sizeof(float));
}

/* As shaders have it: rows one after another are panels of one. */
static inline uint32_t op_panel(struct op_rows rows) {
    return rows.panel > 1 ? rows.panel : 1;
}

#endif
