/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/pipeline.h"
#include "base/log.h"

#include <shaders.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct shader_binary *find_binary(const char *name) {
    for (size_t i = 0; i < shader_binary_count; i++)
        if (strcmp(shader_binaries[i].name, name) == 0) return &shader_binaries[i];
    return NULL;
}

bool vk_shader_exists(const char *name) {
    return find_binary(name) != NULL;
}

static bool same(const struct vk_shader *a, const struct vk_shader *b) {
    return strcmp(a->name, b->name) == 0 && a->constant_count == b->constant_count && a->bindings == b->bindings &&
           a->full == b->full && memcmp(a->constants, b->constants, a->constant_count * sizeof a->constants[0]) == 0;
}

static int create_layout(struct vk_pipeline *pipeline, struct vk_device *device) {
    VkDescriptorSetLayoutBinding binding[VK_MAX_BINDINGS];
    for (uint32_t i = 0; i < pipeline->shader.bindings; i++)
        binding[i] = (VkDescriptorSetLayoutBinding){.binding = i,
                                                    .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                                    .descriptorCount = 1,
                                                    .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    VkDescriptorSetLayoutCreateInfo set = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                           .bindingCount = pipeline->shader.bindings,
                                           .pBindings = binding};
    VK_TRY(vkCreateDescriptorSetLayout(device->device, &set, NULL, &pipeline->set_layout));
    VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = VK_PUSH_SIZE};
    VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                         .setLayoutCount = 1,
                                         .pSetLayouts = &pipeline->set_layout,
                                         .pushConstantRangeCount = 1,
                                         .pPushConstantRanges = &push};
    VK_TRY(vkCreatePipelineLayout(device->device, &layout, NULL, &pipeline->layout));
    return OCELLI_OK;
}

static int create_pipeline(struct vk_pipeline *pipeline, struct vk_device *device, const struct shader_binary *binary) {
    const VkPipelineShaderStageCreateFlags full = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    VkShaderModule module;
    VkShaderModuleCreateInfo code = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = binary->size, .pCode = binary->words};
    VK_TRY(vkCreateShaderModule(device->device, &code, NULL, &module));
    VkSpecializationMapEntry entry[VK_MAX_CONSTANTS];
    for (uint32_t i = 0; i < pipeline->shader.constant_count; i++)
        entry[i] = (VkSpecializationMapEntry){.constantID = i, .offset = 4 * i, .size = 4};
    VkSpecializationInfo constants = {.mapEntryCount = pipeline->shader.constant_count,
                                      .pMapEntries = entry,
                                      .dataSize = 4 * pipeline->shader.constant_count,
                                      .pData = pipeline->shader.constants};
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
        .requiredSubgroupSize = device->subgroup_size};
    VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                  .pNext = pipeline->shader.full ? &subgroup : NULL,
                                                  .flags = pipeline->shader.full ? full : 0,
                                                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                  .module = module,
                                                  .pName = "main",
                                                  .pSpecializationInfo = &constants},
                                        .layout = pipeline->layout};
    VkResult result = vkCreateComputePipelines(device->device, device->cache, 1, &info, NULL, &pipeline->pipeline);
    vkDestroyShaderModule(device->device, module, NULL);
    if (result != VK_SUCCESS) { /* a driver may compile one shader and not another */
        char what[96];
        snprintf(what, sizeof what, "vkCreateComputePipelines: %s", pipeline->shader.name);
        return vk_failed(result, what);
    }
    vk_label(device, VK_OBJECT_TYPE_PIPELINE, (uint64_t)pipeline->pipeline, pipeline->shader.name);
    return OCELLI_OK;
}

static void destroy(struct vk_pipeline *p, struct vk_device *d) {
    if (p->pipeline) vkDestroyPipeline(d->device, p->pipeline, NULL);
    if (p->layout) vkDestroyPipelineLayout(d->device, p->layout, NULL);
    if (p->set_layout) vkDestroyDescriptorSetLayout(d->device, p->set_layout, NULL);
}

static int create(const struct vk_pipeline **pipeline, struct vk_device *device, const struct vk_shader *shader) {
    const struct shader_binary *binary = find_binary(shader->name);
    if (!binary)
        return log_fail(OCELLI_ERR_DEVICE, "shader %s was left out of this build: build with a newer glslang",
                        shader->name);
    struct vk_pipeline *grown = realloc(device->pipelines, (device->pipeline_count + 1) * sizeof *grown);
    if (!grown) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    device->pipelines = grown;
    struct vk_pipeline *p = &grown[device->pipeline_count];
    *p = (struct vk_pipeline){.shader = *shader};
    int status = create_layout(p, device);
    if (!status) status = create_pipeline(p, device, binary);
    if (status) {
        destroy(p, device);
        return status;
    }
    device->pipeline_count++;
    *pipeline = p;
    return OCELLI_OK;
}

int vk_pipeline_get(const struct vk_pipeline **pipeline, struct vk_device *device, const struct vk_shader *shader) {
    for (uint32_t i = 0; i < device->pipeline_count; i++)
        if (same(&device->pipelines[i].shader, shader)) {
            *pipeline = &device->pipelines[i];
            return OCELLI_OK;
        }
    return create(pipeline, device, shader);
}

void vk_pipelines_destroy(struct vk_device *device) {
    for (uint32_t i = 0; i < device->pipeline_count; i++) destroy(&device->pipelines[i], device);
    free(device->pipelines);
    device->pipelines = NULL;
    device->pipeline_count = 0;
}
