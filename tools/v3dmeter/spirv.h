/* SPDX-License-Identifier: Apache-2.0
 * What a pipeline layout needs to know of a compute shader's SPIR-V. */
#ifndef SPIRV_H
#define SPIRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vulkan/vulkan.h>

enum { SPIRV_MAX_BINDINGS = 64 };

struct spirv {
    uint32_t *words;
    size_t count;
    VkDescriptorSetLayoutBinding bindings[SPIRV_MAX_BINDINGS]; /* of set 0 */
    uint32_t binding_count;
    uint32_t push_size; /* bytes */
};

/* Ends the program with a message when the file is none or has another set than 0. */
void spirv_load(struct spirv *spirv, const char *path);
void spirv_free(struct spirv *spirv);

#endif
