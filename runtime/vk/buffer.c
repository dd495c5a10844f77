/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/buffer.h"
#include "base/log.h"
#include "vk/commands.h"

#include <string.h>

enum { STAGING_SIZE = 4 << 20 };

static bool memory_type(const struct vk_device *d, uint32_t allowed, VkMemoryPropertyFlags wanted, uint32_t *type) {
    for (uint32_t i = 0; i < d->memory.memoryTypeCount; i++) {
        bool fits = (d->memory.memoryTypes[i].propertyFlags & wanted) == wanted;
        if ((allowed >> i & 1) && fits) {
            *type = i;
            return true;
        }
    }
    return false;
}

/* Wishes for each use, best first. Coherent memory needs no flushing. */
static bool choose_memory(const struct vk_device *d, uint32_t allowed, enum vk_buffer_use use, uint32_t *type) {
    const VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, cached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
                                host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    bool unified = d->type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU || d->type == VK_PHYSICAL_DEVICE_TYPE_CPU;
    switch (use) {
    case VK_BUFFER_DEVICE:
        return (unified && memory_type(d, allowed, local | host, type)) || memory_type(d, allowed, local, type) ||
               memory_type(d, allowed, 0, type);
    case VK_BUFFER_INPUT: return memory_type(d, allowed, host, type);
    case VK_BUFFER_OUTPUT: return memory_type(d, allowed, host | cached, type) || memory_type(d, allowed, host, type);
    }
    return false;
}

static int allocate(struct vk_buffer *b, struct vk_device *d, enum vk_buffer_use use, const char *name) {
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(d->device, b->buffer, &needs);
    uint32_t type;
    if (!choose_memory(d, needs.memoryTypeBits, use, &type))
        return log_fail(OCELLI_ERR_DEVICE, "%s: no memory type for %s", d->name, name);
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size, .memoryTypeIndex = type};
    VkResult result = vkAllocateMemory(d->device, &info, NULL, &b->memory);
    if (result != VK_SUCCESS)
        return log_fail(OCELLI_ERR_MEMORY, "%s: cannot allocate %.1f MB for %s: use a smaller model or batch", d->name,
                        (double)needs.size / 1e6, name);
    VK_TRY(vkBindBufferMemory(d->device, b->buffer, b->memory, 0));
    vk_label(d, VK_OBJECT_TYPE_DEVICE_MEMORY, (uint64_t)b->memory, name);
    d->bytes_allocated += b->size;
    if (d->memory.memoryTypes[type].propertyFlags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)
        VK_TRY(vkMapMemory(d->device, b->memory, 0, VK_WHOLE_SIZE, 0, &b->mapped));
    return OCELLI_OK;
}

static int zero(struct vk_buffer *b, struct vk_device *d) {
    if (b->mapped) {
        memset(b->mapped, 0, b->size);
        return OCELLI_OK;
    }
    struct vk_commands c = {0};
    int status = vk_commands_begin(&c, d, 0);
    if (!status) vkCmdFillBuffer(c.buffer, b->buffer, 0, VK_WHOLE_SIZE, 0);
    if (!status) status = vk_commands_end(&c, d);
    if (!status) status = vk_commands_run(&c, d);
    vk_commands_destroy(&c, d);
    return status;
}

int vk_buffer_create(struct vk_buffer *b, struct vk_device *d, uint64_t size, enum vk_buffer_use use, const char *name) {
    *b = (struct vk_buffer){.size = (size + 3) & ~(uint64_t)3};
    VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                               .size = b->size,
                               .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                        VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                               .sharingMode = VK_SHARING_MODE_EXCLUSIVE};
    VK_TRY(vkCreateBuffer(d->device, &info, NULL, &b->buffer));
    vk_label(d, VK_OBJECT_TYPE_BUFFER, (uint64_t)b->buffer, name);
    int status = allocate(b, d, use, name);
    if (!status) status = zero(b, d);
    if (status) vk_buffer_destroy(b, d);
    return status;
}

void vk_buffer_destroy(struct vk_buffer *b, struct vk_device *d) {
    if (b->buffer) vkDestroyBuffer(d->device, b->buffer, NULL);
    if (b->memory) {
        vkFreeMemory(d->device, b->memory, NULL);
        if (!b->imported) d->bytes_allocated -= b->size;
    }
    *b = (struct vk_buffer){0};
}

static int copy(struct vk_device *d, VkBuffer from, uint64_t from_offset, VkBuffer to, uint64_t to_offset, uint64_t size) {
    struct vk_commands c = {0};
    int status = vk_commands_begin(&c, d, 0);
    VkBufferCopy region = {.srcOffset = from_offset, .dstOffset = to_offset, .size = size};
    if (!status) vkCmdCopyBuffer(c.buffer, from, to, 1, &region);
    if (!status) status = vk_commands_end(&c, d);
    if (!status) status = vk_commands_run(&c, d);
    vk_commands_destroy(&c, d);
    return status;
}

int vk_buffer_write(struct vk_buffer *b, struct vk_device *d, uint64_t offset, const void *data, uint64_t size) {
    if (b->mapped) {
        memcpy((char *)b->mapped + offset, data, size);
        return OCELLI_OK;
    }
    struct vk_buffer staging;
    int status = vk_buffer_create(&staging, d, size < STAGING_SIZE ? size : STAGING_SIZE, VK_BUFFER_INPUT, "staging");
    for (uint64_t done = 0; !status && done < size;) {
        uint64_t n = size - done < STAGING_SIZE ? size - done : STAGING_SIZE;
        memcpy(staging.mapped, (const char *)data + done, n);
        status = copy(d, staging.buffer, 0, b->buffer, offset + done, n);
        done += n;
    }
    vk_buffer_destroy(&staging, d);
    return status;
}

int vk_buffer_read(struct vk_buffer *b, struct vk_device *d, uint64_t offset, void *data, uint64_t size) {
    if (b->mapped) {
        memcpy(data, (const char *)b->mapped + offset, size);
        return OCELLI_OK;
    }
    struct vk_buffer staging;
    int status = vk_buffer_create(&staging, d, size, VK_BUFFER_OUTPUT, "staging");
    if (!status) status = copy(d, b->buffer, offset, staging.buffer, 0, size);
    if (!status) memcpy(data, staging.mapped, size);
    vk_buffer_destroy(&staging, d);
    return status;
}
