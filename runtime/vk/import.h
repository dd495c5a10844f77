/* SPDX-License-Identifier: Apache-2.0
 * Memory that another device's driver made (a camera's frames), read by shaders where it lies. */
#ifndef VK_IMPORT_H
#define VK_IMPORT_H

#include "vk/buffer.h"

enum { VK_IMPORT_EXTENSIONS = 3 };

/* Can the device read dma-bufs? Puts what must be enabled for it into `extensions`, and gives how many; 0: it cannot.
 */
uint32_t vk_import_find(struct vk_device *device, const char *extensions[VK_IMPORT_EXTENSIONS]);

/* A buffer of `size` bytes, all that the dma-buf has. The file is duplicated, and stays the caller's. Shaders may only
 * read it; the host does not see it. Freed with vk_buffer_destroy(). Errors: DEVICE (the driver refuses it; no line is
 * logged), MEMORY. */
int vk_buffer_import(struct vk_buffer *buffer, struct vk_device *device, int fd, uint64_t size, const char *name);

#endif
