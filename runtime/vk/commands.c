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
    VkDescriptorPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = sets, .poolSizeCount = 1, .pPoolSizes = &size};
    VK_TRY(vkCreateDescriptorPool(d->device, &info, NULL, &c->pools[c->pool_count]));
    c->pool_count++;
    c->sets += sets;
    return OCELLI_OK;
}

/* Room for one more dispatch. */
static int grow(struct vk_commands *c, struct vk_device *d) {
    if (c->count == c->room) {
        uint32_t room = c->room ? 2 * c->room : FIRST_SETS;
        struct vk_dispatch *grown = realloc(c->dispatches, room * sizeof *grown);
        if (!grown) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
        c->dispatches = grown;
        c->room = room;
    }
    return grow_sets(c, d);
}

int vk_commands_begin(struct vk_commands *c, struct vk_device *d, uint32_t capacity) {
    vk_commands_destroy(c, d);
    c->capacity = capacity;
    VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VK_TRY(vkCreateFence(d->device, &fence, NULL, &c->fence));
    VkCommandBufferAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                            .commandPool = d->command_pool,
                                            .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                            .commandBufferCount = 1};
    VK_TRY(vkAllocateCommandBuffers(d->device, &allocate, &c->buffer));
    VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    VK_TRY(vkBeginCommandBuffer(c->buffer, &begin));
    return OCELLI_OK;
}

int vk_commands_begin_timed(struct vk_commands *c, struct vk_device *d, uint32_t capacity) {
    int status = vk_commands_begin(c, d, capacity);
    if (status || !d->timestamp_bits) return status;
    VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, .queryType = VK_QUERY_TYPE_TIMESTAMP, .queryCount = capacity + 1};
    VK_TRY(vkCreateQueryPool(d->device, &info, NULL, &c->queries));
    vkCmdResetQueryPool(c->buffer, c->queries, 0, capacity + 1);
    vkCmdWriteTimestamp(c->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, c->queries, 0);
    return OCELLI_OK;
}

static int write_set(struct vk_commands *c, struct vk_device *d, const struct vk_pipeline *p, const struct vk_view *views,
                     VkDescriptorSet *set) {
    VkDescriptorSetAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                        .descriptorPool = c->pools[c->pool_count - 1],
                                        .descriptorSetCount = 1,
                                        .pSetLayouts = &p->set_layout};
    VK_TRY(vkAllocateDescriptorSets(d->device, &info, set));
    VkDescriptorBufferInfo range[VK_MAX_BINDINGS];
    VkWriteDescriptorSet write[VK_MAX_BINDINGS];
    for (uint32_t i = 0; i < p->shader.bindings; i++) {
        uint64_t size = views[i].size ? views[i].size : views[i].buffer->size - views[i].offset;
        if (size > d->limits.maxStorageBufferRange)
            return log_fail(OCELLI_ERR_LIMIT, "%s: binds %.0f MB, %s allows %.0f MB: use a smaller model or picture",
                            p->shader.name, (double)size / 1e6, d->name, (double)d->limits.maxStorageBufferRange / 1e6);
        range[i] = (VkDescriptorBufferInfo){.buffer = views[i].buffer->buffer, .offset = views[i].offset, .range = size};
        write[i] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                          .dstSet = *set,
                                          .dstBinding = i,
                                          .descriptorCount = 1,
                                          .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                          .pBufferInfo = &range[i]};
    }
    vkUpdateDescriptorSets(d->device, p->shader.bindings, write, 0, NULL);
    return OCELLI_OK;
}

static void barrier(VkCommandBuffer buffer, VkPipelineStageFlags from, VkAccessFlags wrote, VkPipelineStageFlags to,
                    VkAccessFlags reads) {
    VkMemoryBarrier memory = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER, .srcAccessMask = wrote, .dstAccessMask = reads};
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

int vk_commands_dispatch(struct vk_commands *c, struct vk_device *d, const struct vk_dispatch *dispatch,
                         const struct vk_view *views, const void *push, uint32_t push_size) {
    if (c->count == c->capacity) return log_fail(OCELLI_ERR_LIMIT, "more than %u dispatches in a list", c->capacity);
    for (int i = 0; i < 3; i++)
        if (dispatch->groups[i] > d->limits.maxComputeWorkGroupCount[i])
            return log_fail(OCELLI_ERR_LIMIT, "%s: %u groups, %s allows %u: use a smaller model or batch", dispatch->shader.name,
                            dispatch->groups[i], d->name, d->limits.maxComputeWorkGroupCount[i]);
    const struct vk_pipeline *p;
    int status = vk_pipeline_get(&p, d, &dispatch->shader);
    if (!status) status = grow(c, d);
    if (status) return status;
    VkDescriptorSet set;
    status = write_set(c, d, p, views, &set);
    if (status) return status;
    if (c->count) /* also write after read: a buffer is used again by a later op */
        barrier(c->buffer, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
    pass(c, d, dispatch, views, true);
    vkCmdBindPipeline(c->buffer, VK_PIPELINE_BIND_POINT_COMPUTE, p->pipeline);
    vkCmdBindDescriptorSets(c->buffer, VK_PIPELINE_BIND_POINT_COMPUTE, p->layout, 0, 1, &set, 0, NULL);
    vkCmdPushConstants(c->buffer, p->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, push_size, push);
    vkCmdDispatch(c->buffer, dispatch->groups[0], dispatch->groups[1], dispatch->groups[2]);
    pass(c, d, dispatch, views, false);
    struct vk_dispatch *recorded = &c->dispatches[c->count++];
    *recorded = *dispatch;
    recorded->push_count = push_size / 4;
    memcpy(recorded->push, push, push_size);
    if (c->queries) vkCmdWriteTimestamp(c->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, c->queries, c->count);
    return OCELLI_OK;
}

void vk_commands_copy(struct vk_commands *c, const struct vk_view *from, const struct vk_view *to, uint64_t size) {
    const VkPipelineStageFlags compute = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, transfer = VK_PIPELINE_STAGE_TRANSFER_BIT;
    const VkAccessFlags shader = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT,
                        both = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    if (c->count) barrier(c->buffer, compute, shader, transfer, both);
    VkBufferCopy region = {.srcOffset = from->offset, .dstOffset = to->offset, .size = size};
    vkCmdCopyBuffer(c->buffer, from->buffer->buffer, to->buffer->buffer, 1, &region);
    barrier(c->buffer, transfer, both, compute, shader);
}

int vk_commands_end(struct vk_commands *c, struct vk_device *d) {
    (void)d;
    barrier(c->buffer, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
            VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
            VK_PIPELINE_STAGE_HOST_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
            VK_ACCESS_HOST_READ_BIT | VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
    VK_TRY(vkEndCommandBuffer(c->buffer));
    return OCELLI_OK;
}

int vk_commands_submit(struct vk_commands *c, struct vk_device *d) {
    VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &c->buffer};
    /* Before and not after: a fence that stayed signalled would end the next wait at once. */
    VK_TRY(vkResetFences(d->device, 1, &c->fence));
    VK_TRY(vkQueueSubmit(d->queue, 1, &submit, c->fence));
    VkResult result = vkWaitForFences(d->device, 1, &c->fence, VK_TRUE, UINT64_MAX);
    if (result == VK_SUCCESS) return OCELLI_OK;
    vkQueueWaitIdle(d->queue); /* what it uses may be freed next */
    return vk_failed(result, "vkWaitForFences");
}

int vk_commands_run(struct vk_commands *c, struct vk_device *d) {
    int status = vk_buffer_flush(d);
    return status ? status : vk_commands_submit(c, d);
}

int vk_commands_times(const struct vk_commands *c, const struct vk_device *d, double *ms) {
    if (!c->queries) return log_fail(OCELLI_ERR_DEVICE, "%s: the queue has no timestamps", d->name);
    uint64_t *ticks = calloc(c->count + 1, sizeof *ticks);
    if (!ticks) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    VkResult result = vkGetQueryPoolResults(d->device, c->queries, 0, c->count + 1, (c->count + 1) * sizeof *ticks, ticks,
                                            sizeof *ticks, VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT);
    uint64_t mask = d->timestamp_bits == 64 ? UINT64_MAX : (UINT64_C(1) << d->timestamp_bits) - 1;
    for (uint32_t i = 0; result == VK_SUCCESS && i < c->count; i++)
        ms[i] = (double)((ticks[i + 1] - ticks[i]) & mask) * d->limits.timestampPeriod / 1e6;
    free(ticks);
    return result == VK_SUCCESS ? OCELLI_OK : vk_failed(result, "vkGetQueryPoolResults");
}

void vk_commands_destroy(struct vk_commands *c, struct vk_device *d) {
    if (c->buffer) vkFreeCommandBuffers(d->device, d->command_pool, 1, &c->buffer);
    for (uint32_t i = 0; i < c->pool_count; i++) vkDestroyDescriptorPool(d->device, c->pools[i], NULL);
    if (c->queries) vkDestroyQueryPool(d->device, c->queries, NULL);
    if (c->fence) vkDestroyFence(d->device, c->fence, NULL);
    free(c->pools);
    free(c->dispatches);
    *c = (struct vk_commands){0};
}
