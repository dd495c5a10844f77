/* SPDX-License-Identifier: Apache-2.0
 * Inside of op/vulkan: op_linear() through cooperative matrices, shaders/linear_mma.comp. The
 * driver's shape (m, n, k): m columns of the result by n rows, k of the sum at once. */
#ifndef OP_VULKAN_LINEAR_MMA_H
#define OP_VULKAN_LINEAR_MMA_H

#include "op/vulkan/vulkan.h"

/* How a dispatch is cut; see the shader. */
struct mma_tiles {
    uint32_t columns, rows; /* tiles that a subgroup computes */
    uint32_t split;         /* subgroups that share them, each a part of K: at most its tiles */
    uint32_t blocks;        /* such teams beside each other in a workgroup */
};

const char *mma_shader(const struct vk_device *device);
/* Does the device have it, in a shape that the layout of inputs and the shader allow? */
bool mma_fits(const struct vk_device *device);
/* For out(rows, columns) with `steps` tiles of K. Always within the device's limits. */
struct mma_tiles mma_tiles_choose(const struct vk_device *device, uint32_t rows, uint32_t columns, uint32_t steps);
uint32_t mma_lanes(const struct vk_device *device, const struct mma_tiles *tiles);       /* of a workgroup */
uint32_t mma_strip_bytes(const struct vk_device *device, const struct mma_tiles *tiles); /* of its shared memory */

/* tiles NULL: chosen. */
void mma_record(struct op_list *list, const struct op_linear *args, const struct mma_tiles *tiles);

/* Weights as the shader reads them, (rows / m, K / k, m, k): a subgroup reads on without a gap. Rows
 * row0 and on of `to`, whose rows have `stride` values and are padded to whole tiles. */
void mma_pack(int8_t *to, struct vk_cooperative shape, const struct op_source *source, uint32_t columns,
              uint32_t stride, uint32_t row0);

#endif
