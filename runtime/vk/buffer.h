/* SPDX-License-Identifier: Apache-2.0
 * Buffers with their memory. */
#ifndef VK_BUFFER_H
#define VK_BUFFER_H

#include "vk/device.h"

enum vk_buffer_use {
    VK_BUFFER_DEVICE, /* shaders read and write it; filled by vk_buffer_write */
    VK_BUFFER_INPUT,  /* the host writes it, shaders read it: mapped */
    VK_BUFFER_OUTPUT, /* shaders write it, the host reads it: mapped, cached where that exists */
};

struct vk_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    uint64_t size;
    void *mapped;  /* NULL: the host cannot see it */
    bool imported; /* another device fills it: see import.h */
};

/* Zero-filled. Errors: MEMORY, LIMIT (over the device's largest allocation), LOST. */
int vk_buffer_create(struct vk_buffer *buffer, struct vk_device *device, uint64_t size, enum vk_buffer_use use,
                     const char *name);
/* Accepts a zeroed or half-made buffer. */
void vk_buffer_destroy(struct vk_buffer *buffer, struct vk_device *device);

/* Copies `size` bytes to `offset`. If the host cannot see the buffer, they wait in staging memory, so that many small
 * writes are one submit. They are copied when something runs (vk_commands_run), when 4 MB are full, or by
 * vk_buffer_flush(). Errors: MEMORY, LOST. */
int vk_buffer_write(struct vk_buffer *buffer, struct vk_device *device, uint64_t offset, const void *data,
                    uint64_t size);
/* Sends what waits, waits for it and frees the staging memory. After a fault all of it waits on. Errors: MEMORY, LOST.
 */
int vk_buffer_flush(struct vk_device *device);
/* Frees what waits without sending it: the device closes. */
void vk_buffer_drop_uploads(struct vk_device *device);
/* Copies back and waits (tests; the runtime reads OUTPUT buffers where they are mapped). */
int vk_buffer_read(struct vk_buffer *buffer, struct vk_device *device, uint64_t offset, void *data, uint64_t size);

#endif
