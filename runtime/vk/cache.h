/* SPDX-License-Identifier: Apache-2.0
 * Compiled pipelines kept on disk, so that only the first start on a board waits for the shader compiler.
 * Folder: base/cache_folder.h. A file for each device, driver version and build of the shaders. Without a folder, or
 * with a file that is cut short, altered or another driver's, pipelines are compiled anew; nothing else changes. */
#ifndef VK_CACHE_H
#define VK_CACHE_H

#include "vk/device.h"

/* Makes d->cache, from the file where there is a good one. Errors: MEMORY, DEVICE. */
int vk_cache_open(struct vk_device *device);
/* STEM-KEY.EXTENSION beside it, for what else depends on device, driver and build. NULL: there is no folder. free(). */
char *vk_cache_file(const struct vk_device *device, const char *stem, const char *extension);
/* Writes the file when the driver has added to it, and destroys d->cache. */
void vk_cache_close(struct vk_device *device);

#endif
