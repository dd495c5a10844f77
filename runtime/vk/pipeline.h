/* SPDX-License-Identifier: Apache-2.0
 * Compute pipelines, made once for a shader and its specialisation constants and kept until the
 * device is closed. */
#ifndef VK_PIPELINE_H
#define VK_PIPELINE_H

#include "vk/device.h"

enum { VK_MAX_BINDINGS = 8, VK_MAX_CONSTANTS = 12, VK_PUSH_SIZE = 128 };

/* What a pipeline is made of. */
struct vk_shader {
    const char *name;                     /* as in shaders/CMakeLists.txt */
    uint32_t constants[VK_MAX_CONSTANTS]; /* constant_id 0, 1, ...; 0 is the local size */
    uint32_t constant_count;
    uint32_t bindings; /* storage buffers, binding 0, 1, ... */
    bool full;         /* subgroups are of subgroup_size and full; only where the device has full_subgroups */
};

struct vk_pipeline {
    struct vk_shader shader;
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline pipeline;
};

/* *pipeline belongs to the device; valid until the next call. Errors: DEVICE, MEMORY. */
int vk_pipeline_get(const struct vk_pipeline **pipeline, struct vk_device *device, const struct vk_shader *shader);
void vk_pipelines_destroy(struct vk_device *device);

/* Was the variant built? The shader compiler may have lacked an extension. */
bool vk_shader_exists(const char *name);

#endif
