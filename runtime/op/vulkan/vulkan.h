/* SPDX-License-Identifier: Apache-2.0
 * Inside of op/vulkan: what its device, memory and list are made of. */
#ifndef OP_VULKAN_VULKAN_H
#define OP_VULKAN_VULKAN_H

#include "op/backend.h"
#include "op/vulkan/product.h"
#include "vk/commands.h"

struct vulkan_device {
    struct op_device base;
    struct vk_device vk;
    enum product product;
    bool fuses;     /* the last workgroup makes the next product's input: epilogue.h */
    uint32_t lanes; /* of a workgroup, for ops that work on rows */
    struct op_memory *counters;
};

struct vulkan_memory {
    struct op_memory base;
    struct vk_buffer vk;
};

struct vulkan_list {
    struct op_list base;
    struct vk_commands commands;
};

static inline struct vulkan_device *vulkan_of(struct op_device *d) {
    return (struct vulkan_device *)d;
}

static inline const struct vulkan_device *vulkan_of_const(const struct op_device *d) {
    return (const struct vulkan_device *)d;
}

/* Records a dispatch unless the list has failed. */
void vulkan_record(struct op_list *list, const struct vk_dispatch *dispatch, const struct op_view *views,
                   const void *push, uint32_t push_size);

/* The entries of the backend that lie in files of their own. */
void vulkan_linear(struct op_list *list, const struct op_linear *args);
void vulkan_quantize(struct op_list *list, struct op_rows in, struct op_rows out, uint32_t rows, uint32_t width);
void vulkan_norm(struct op_list *list, const struct op_norm *args);
void vulkan_attention(struct op_list *list, const struct op_attention *args);
void vulkan_resize(struct op_list *list, const struct op_resize *args);
uint64_t vulkan_matrix_bytes(const struct op_device *device, uint32_t rows, uint32_t columns, bool float_inputs);
int vulkan_matrix_write(struct op_device *device, const struct op_matrix *matrix, const struct op_source *sources,
                        uint32_t count);
int vulkan_peak(struct op_device *device, struct op_peak *peak);

#endif
