/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/commands.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SETS = 4, MOST_SETS = 64 }; /* of a pool: a resize has two dispatches, a tower about 70 */

/* Room for one more descriptor set. */
static int grow_sets(struct vk_commands *c, struct vk_device *d) {
    if (c->count < c->sets) return OCELLI_OK;
    VkDescriptorPool *grown = realloc(c->pools, (c->pool_count + 1) * sizeof *grown);
    if (!grown) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    c->pools = grown;
    uint32_t sets = !c->sets ? FIRST_SETS : c->sets < MOST_SETS ? c->sets : MOST_SETS;
    VkDescriptorPoolSize size = {.type = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .descriptorCount = sets * VK_MAX_BINDINGS};
    VkDescriptorPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                       .maxSets = sets,
                                       .poolSizeCount = 1,
                                       .pPoolSizes = &size};
    VK_TRY(vkCreateDescriptorPool(d->device, &info, NULL, &c->pools[c->pool_count]));
    c->pool_count++;
    c->sets += sets;
    return OCELLI_OK;
}

/* Room for one more dispatch. */
static int grow(struct vk_commands *c, struct vk_device *d) {
    if (c->count == c->capacity) {
        uint32_t capacity = c->capacity ? 2 * c->capacity : FIRST_SETS;
        struct vk_dispatch *grown = realloc(c->dispatches, capacity * sizeof *grown);
        if (!grown) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
        c->dispatches = grown;
        c->capacity = capacity;
    }
    return grow_sets(c, d);
}

int vk_commands_begin(struct vk_commands *commands, struct vk_device *device, uint32_t limit) {
    vk_commands_destroy(commands, device);
    commands->limit = limit;
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VK_TRY(vkCreateFence(device->device, &fence, NULL, &commands->fence));
    VkCommandBufferAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                            .commandPool = device->command_pool,
                                            .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                            .commandBufferCount = 1};
    VK_TRY(vkAllocateCommandBuffers(device->device, &allocate, &commands->buffer));
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VK_TRY(vkBeginCommandBuffer(commands->buffer, &begin));
    return OCELLI_OK;
}

int vk_commands_begin_timed(struct vk_commands *commands, struct vk_device *device, uint32_t limit) {
    int status = vk_commands_begin(commands, device, limit);
    if (status || !device->timestamp_bits) return status;
    VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                  .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                  .queryCount = limit + 1};
    VK_TRY(vkCreateQueryPool(device->device, &info, NULL, &commands->queries));
    vkCmdResetQueryPool(commands->buffer, commands->queries, 0, limit + 1);
    vkCmdWriteTimestamp(commands->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, commands->queries, 0);
    return OCELLI_OK;
}

static int write_set(struct vk_commands *commands, struct vk_device *device, const struct vk_pipeline *pipeline,
                     const struct vk_view *views, VkDescriptorSet *set) {
    VkDescriptorSetAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                        .descriptorPool = commands->pools[commands->pool_count - 1],
                                        .descriptorSetCount = 1,
                                        .pSetLayouts = &pipeline->set_layout};
    VK_TRY(vkAllocateDescriptorSets(device->device, &info, set));
    VkDescriptorBufferInfo range[VK_MAX_BINDINGS];
    VkWriteDescriptorSet write[VK_MAX_BINDINGS];
    for (uint32_t i = 0; i < pipeline->shader.bindings; i++) {
        uint64_t size = views[i].size ? views[i].size : views[i].buffer->size - views[i].offset;
        if (size > device->limits.maxStorageBufferRange)
            return log_fail(OCELLI_ERR_LIMIT, "%s: binds %.0f MB, %s allows %.0f MB: use a smaller model or picture",
                            pipeline->shader.name, (double)size / 1e6, device->name,
                            (double)device->limits.maxStorageBufferRange / 1e6);
        range[i] =
            (VkDescriptorBufferInfo){.buffer = views[i].buffer->buffer, .offset = views[i].offset, .range = size};
        write[i] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                          .dstSet = *set,
                                          .dstBinding = i,
                                          .descriptorCount = 1,
                                          .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                          .pBufferInfo = &range[i]};
    }
    vkUpdateDescriptorSets(device->device, pipeline->shader.bindings, write, 0, NULL);
    return OCELLI_OK;
}

static void barrier(VkCommandBuffer buffer, VkPipelineStageFlags from, VkAccessFlags wrote, VkPipelineStageFlags to,
                    VkAccessFlags reads) {
    VkMemoryBarrier memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER, .srcAccessMask = wrote, .dstAccessMask = reads};
    vkCmdPipelineBarrier(buffer, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

/* Memory of another device: taken over from it before shaders read it, given back afterwards. */
static void pass(struct vk_commands *c, const struct vk_device *d, const struct vk_dispatch *dispatch,
                 const struct vk_view *views, bool take) {
    const VkPipelineStageFlags compute = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
    for (uint32_t i = 0; i < dispatch->shader.bindings; i++) {
        if (!views[i].buffer->imported) continue;
        VkBufferMemoryBarrier memory = {.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
                                        .dstAccessMask = take ? VK_ACCESS_SHADER_READ_BIT : 0,
                                        .srcQueueFamilyIndex = take ? d->foreign_family : d->queue_family,
                                        .dstQueueFamilyIndex = take ? d->queue_family : d->foreign_family,
                                        .buffer = views[i].buffer->buffer,
                                        .size = VK_WHOLE_SIZE};
        vkCmdPipelineBarrier(c->buffer, take ? VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT : compute,
                             take ? compute : VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0, 0, NULL, 1, &memory, 0, NULL);
    }
}

int vk_commands_dispatch(struct vk_commands *commands, struct vk_device *device, const struct vk_dispatch *dispatch,
                         const struct vk_view *views, const void *push, uint32_t push_size) {
    if (commands->count == commands->limit)
        return log_fail(OCELLI_ERR_LIMIT, "more than %u dispatches in a list", commands->limit);
    for (int i = 0; i < 3; i++)
        if (dispatch->groups[i] > device->limits.maxComputeWorkGroupCount[i])
            return log_fail(OCELLI_ERR_LIMIT, "%s: %u groups, %s allows %u: use a smaller model or batch",
                            dispatch->shader.name, dispatch->groups[i], device->name,
                            device->limits.maxComputeWorkGroupCount[i]);
    const struct vk_pipeline *p;
    int status = vk_pipeline_get(&p, device, &dispatch->shader);
    if (!status) status = grow(commands, device);
    if (status) return status;
    VkDescriptorSet set;
    status = write_set(commands, device, p, views, &set);
    if (status) return status;
    if (commands->count) /* also write after read: a buffer is used again by a later op */
        barrier(commands->buffer, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
                VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
    pass(commands, device, dispatch, views, true);
    vkCmdBindPipeline(commands->buffer, VK_PIPELINE_BIND_POINT_COMPUTE, p->pipeline);
    vkCmdBindDescriptorSets(commands->buffer, VK_PIPELINE_BIND_POINT_COMPUTE, p->layout, 0, 1, &set, 0, NULL);
    vkCmdPushConstants(commands->buffer, p->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, push_size, push);
    vkCmdDispatch(commands->buffer, dispatch->groups[0], dispatch->groups[1], dispatch->groups[2]);
    pass(commands, device, dispatch, views, false);
    struct vk_dispatch *recorded = &commands->dispatches[commands->count++];
    *recorded = *dispatch;
    recorded->push_count = push_size / 4;
    memcpy(recorded->push, push, push_size);
    if (commands->queries)
        vkCmdWriteTimestamp(commands->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, commands->queries, commands->count);
    return OCELLI_OK;
}

void vk_commands_copy(struct vk_commands *commands, const struct vk_view *from, const struct vk_view *to,
                      uint64_t size) {
    const VkPipelineStageFlags compute = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                               transfer = VK_PIPELINE_STAGE_TRANSFER_BIT;
    const VkAccessFlags shader = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT,
                        both = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    if (commands->count) barrier(commands->buffer, compute, shader, transfer, both);
    VkBufferCopy region = {.srcOffset = from->offset, .dstOffset = to->offset, .size = size};
    vkCmdCopyBuffer(commands->buffer, from->buffer->buffer, to->buffer->buffer, 1, &region);
    barrier(commands->buffer, transfer, both, compute, shader);
}

int vk_commands_end(struct vk_commands *commands, struct vk_device *device) {
    (void)device;
    barrier(commands->buffer, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
            VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
            VK_PIPELINE_STAGE_HOST_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
            VK_ACCESS_HOST_READ_BIT | VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
    VK_TRY(vkEndCommandBuffer(commands->buffer));
    return OCELLI_OK;
}

int vk_commands_submit(struct vk_commands *commands, struct vk_device *device) {
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &commands->buffer};
    /* Before and not after: a fence that stayed signalled would end the next wait at once. */
    VK_TRY(vkResetFences(device->device, 1, &commands->fence));
    VK_TRY(vkQueueSubmit(device->queue, 1, &submit, commands->fence));
    VkResult result = vkWaitForFences(device->device, 1, &commands->fence, VK_TRUE, UINT64_MAX);
    if (result == VK_SUCCESS) return OCELLI_OK;
    vkQueueWaitIdle(device->queue); /* what it uses may be freed next */
    return vk_failed(result, "vkWaitForFences");
}

int vk_commands_run(struct vk_commands *commands, struct vk_device *device) {
    int status = vk_buffer_flush(device);
    return status ? status : vk_commands_submit(commands, device);
}

int vk_commands_times(const struct vk_commands *commands, const struct vk_device *device, double *ms) {
    if (!commands->queries) return log_fail(OCELLI_ERR_DEVICE, "%s: the queue has no timestamps", device->name);
    uint64_t *ticks = calloc(commands->count + 1, sizeof *ticks);
    if (!ticks) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    VkResult result = vkGetQueryPoolResults(device->device, commands->queries, 0, commands->count + 1,
                                            (commands->count + 1) * sizeof *ticks, ticks, sizeof *ticks,
                                            VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
    uint64_t mask = device->timestamp_bits == 64 ? UINT64_MAX : (UINT64_C(1) << device->timestamp_bits) - 1;
    for (uint32_t i = 0; result == VK_SUCCESS && i < commands->count; i++)
        ms[i] = (double)((ticks[i + 1] - ticks[i]) & mask) * device->limits.timestampPeriod / 1e6;
    free(ticks);
    return result == VK_SUCCESS ? OCELLI_OK : vk_failed(result, "vkGetQueryPoolResults");
}

void vk_commands_destroy(struct vk_commands *commands, struct vk_device *device) {
    if (commands->buffer) vkFreeCommandBuffers(device->device, device->command_pool, 1, &commands->buffer);
    for (uint32_t i = 0; i < commands->pool_count; i++)
        vkDestroyDescriptorPool(device->device, commands->pools[i], NULL);
    if (commands->queries) vkDestroyQueryPool(device->device, commands->queries, NULL);
    if (commands->fence) vkDestroyFence(device->device, commands->fence, NULL);
    free(commands->pools);
    free(commands->dispatches);
    *commands = (struct vk_commands){0};
}
