/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/buffer.h"
#include "base/log.h"
#include "vk/commands.h"

#include <stdlib.h>
#include <string.h>

enum { STAGING_SIZE = 4 << 20 };

enum { MOST_WISHES = 3 };

/* Wishes for each use, best first. Coherent memory needs no flushing. */
static uint32_t wishes_of(const struct vk_device *d, enum vk_buffer_use use,
                          VkMemoryPropertyFlags wishes[MOST_WISHES]) {
    const VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
                                cached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
                                host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    bool unified = d->type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU || d->type == VK_PHYSICAL_DEVICE_TYPE_CPU;
    uint32_t count = 0;
    if (use == VK_BUFFER_DEVICE) {
        if (unified) wishes[count++] = local | host;
        wishes[count++] = local;
        wishes[count++] = 0;
        return count;
    }
    if (use == VK_BUFFER_OUTPUT) wishes[count++] = host | cached;
    wishes[count++] = host;
    return count;
}

/* The next type that fulfils a wish and was not tried yet, the earliest wish first; false: there is none left. */
static bool next_type(const struct vk_device *d, enum vk_buffer_use use, uint32_t allowed, uint32_t *type) {
    VkMemoryPropertyFlags wishes[MOST_WISHES];
    uint32_t count = wishes_of(d, use, wishes);
    for (uint32_t w = 0; w < count; w++)
        for (uint32_t i = 0; i < d->memory.memoryTypeCount; i++) {
            bool fits = (d->memory.memoryTypes[i].propertyFlags & wishes[w]) == wishes[w];
            if (!(allowed >> i & 1) || !fits) continue;
            *type = i;
            return true;
        }
    return false;
}

/* From the first memory type that has room: a full heap leaves the others. */
static int allocate_memory(struct vk_buffer *buffer, struct vk_device *device, enum vk_buffer_use use, const char *name,
                           uint32_t *type) {
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(device->device, buffer->buffer, &needs);
    VkResult result = VK_SUCCESS;
    for (uint32_t allowed = needs.memoryTypeBits; next_type(device, use, allowed, type); allowed &= ~(1u << *type)) {
        VkMemoryAllocateInfo info = {
            .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size, .memoryTypeIndex = *type};
        result = vkAllocateMemory(device->device, &info, NULL, &buffer->memory);
        if (result == VK_SUCCESS) {
            device->bytes_allocated += buffer->size;
            return OCELLI_OK;
        }
    }
    if (result == VK_SUCCESS) return log_fail(OCELLI_ERR_DEVICE, "%s: no memory type for %s", device->name, name);
    return log_fail(OCELLI_ERR_MEMORY, "%s: cannot allocate %.1f MB for %s: use a smaller model or batch", device->name,
                    (double)needs.size / 1e6, name);
}

static int allocate(struct vk_buffer *b, struct vk_device *d, enum vk_buffer_use use, const char *name) {
    uint32_t type;
    int status = allocate_memory(b, d, use, name, &type);
    if (status) return status;
    vk_label(d, VK_OBJECT_TYPE_DEVICE_MEMORY, (uint64_t)b->memory, name);
    VK_TRY(vkBindBufferMemory(d->device, b->buffer, b->memory, 0));
    bool seen = !(d->apart && use == VK_BUFFER_DEVICE);
    if (seen && d->memory.memoryTypes[type].propertyFlags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)
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

int vk_buffer_create(struct vk_buffer *buffer, struct vk_device *device, uint64_t size, enum vk_buffer_use use,
                     const char *name) {
    *buffer = (struct vk_buffer){.size = (size + 3) & ~(uint64_t)3};
    VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                               .size = buffer->size,
                               .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                        VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                               .sharingMode = VK_SHARING_MODE_EXCLUSIVE};
    VK_TRY(vkCreateBuffer(device->device, &info, NULL, &buffer->buffer));
    vk_label(device, VK_OBJECT_TYPE_BUFFER, (uint64_t)buffer->buffer, name);
    int status = allocate(buffer, device, use, name);
    if (!status) status = zero(buffer, device);
    if (status) vk_buffer_destroy(buffer, device);
    return status;
}

/* --- uploads: what is written to memory that the host cannot see waits in one staging buffer --- */

enum { MOST_REGIONS = 256 };

struct vk_upload {
    struct vk_buffer staging;
    uint64_t used;
    uint32_t count;
    VkBuffer targets[MOST_REGIONS];
    VkBufferCopy regions[MOST_REGIONS];
};

static void record_uploads(const struct vk_upload *u, VkCommandBuffer commands) {
    for (uint32_t i = 0; i < u->count; i++)
        if (u->targets[i]) vkCmdCopyBuffer(commands, u->staging.buffer, u->targets[i], 1, &u->regions[i]);
}

int vk_buffer_flush(struct vk_device *device) {
    struct vk_upload *u = device->upload;
    if (!u) return OCELLI_OK;
    struct vk_commands c = {0};
    int status = vk_commands_begin(&c, device, 0);
    if (!status) record_uploads(u, c.buffer);
    if (!status) status = vk_commands_end(&c, device);
    if (!status) status = vk_commands_submit(&c, device);
    vk_commands_destroy(&c, device);
    if (!status) vk_buffer_drop_uploads(device);
    return status; /* after a fault all of it waits for the next time */
}

void vk_buffer_drop_uploads(struct vk_device *device) {
    if (device->upload) vk_buffer_destroy(&device->upload->staging, device);
    free(device->upload);
    device->upload = NULL;
}

/* Staging with room for something more. */
static int have_capacity(struct vk_device *d) {
    bool full = d->upload && (d->upload->count == MOST_REGIONS || d->upload->used == STAGING_SIZE);
    int status = full ? vk_buffer_flush(d) : OCELLI_OK;
    if (status || d->upload) return status;
    struct vk_upload *u = calloc(1, sizeof *u);
    if (!u) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    status = vk_buffer_create(&u->staging, d, STAGING_SIZE, VK_BUFFER_INPUT, "staging");
    if (status)
        free(u);
    else
        d->upload = u;
    return status;
}

int vk_buffer_write(struct vk_buffer *buffer, struct vk_device *device, uint64_t offset, const void *data,
                    uint64_t size) {
    if (buffer->mapped) {
        memcpy((char *)buffer->mapped + offset, data, size);
        return OCELLI_OK;
    }
    for (uint64_t done = 0; done < size;) {
        int status = have_capacity(device);
        if (status) return status;
        struct vk_upload *u = device->upload;
        uint64_t left = size - done, capacity = STAGING_SIZE - u->used, n = left < capacity ? left : capacity;
        memcpy((char *)u->staging.mapped + u->used, (const char *)data + done, n);
        u->targets[u->count] = buffer->buffer;
        u->regions[u->count++] = (VkBufferCopy){.srcOffset = u->used, .dstOffset = offset + done, .size = n};
        u->used += n;
        done += n;
    }
    return OCELLI_OK;
}

/* A buffer that goes takes what waits for it with it. */
static void forget_uploads(const struct vk_buffer *b, struct vk_device *d) {
    for (uint32_t i = 0; d->upload && i < d->upload->count; i++)
        if (d->upload->targets[i] == b->buffer) d->upload->targets[i] = VK_NULL_HANDLE;
}

static int copy(struct vk_device *d, VkBuffer from, uint64_t offset, VkBuffer to, uint64_t size) {
    struct vk_commands c = {0};
    int status = vk_commands_begin(&c, d, 0);
    VkBufferCopy region = {.srcOffset = offset, .size = size};
    if (!status) vkCmdCopyBuffer(c.buffer, from, to, 1, &region);
    if (!status) status = vk_commands_end(&c, d);
    if (!status) status = vk_commands_run(&c, d);
    vk_commands_destroy(&c, d);
    return status;
}

void vk_buffer_destroy(struct vk_buffer *buffer, struct vk_device *device) {
    if (buffer->buffer) {
        forget_uploads(buffer, device);
        vkDestroyBuffer(device->device, buffer->buffer, NULL);
    }
    if (buffer->memory) {
        vkFreeMemory(device->device, buffer->memory, NULL);
        if (!buffer->imported) device->bytes_allocated -= buffer->size;
    }
    *buffer = (struct vk_buffer){0};
}

int vk_buffer_read(struct vk_buffer *buffer, struct vk_device *device, uint64_t offset, void *data, uint64_t size) {
    if (buffer->mapped) {
        memcpy(data, (const char *)buffer->mapped + offset, size);
        return OCELLI_OK;
    }
    struct vk_buffer staging;
    int status = vk_buffer_create(&staging, device, size, VK_BUFFER_OUTPUT, "staging");
    if (!status) status = copy(device, buffer->buffer, offset, staging.buffer, size);
    if (!status) memcpy(data, staging.mapped, size);
    vk_buffer_destroy(&staging, device);
    return status;
}
