/* SPDX-License-Identifier: Apache-2.0
 * The Vulkan instance, with the validation layer when OCELLI_VALIDATE=1 asks for it. */
#ifndef VK_INSTANCE_H
#define VK_INSTANCE_H

#include "vk/device.h"

/* Loads libvulkan when that is not yet done. Errors: DEVICE (no libvulkan, no driver, no validation layer), MEMORY. */
int vk_instance_open(VkInstance *instance, VkDebugUtilsMessengerEXT *messenger);
void vk_instance_close(VkInstance instance, VkDebugUtilsMessengerEXT messenger);

/* The instance's devices; free() *devices. Errors: DEVICE (none), MEMORY. */
int vk_instance_devices(VkInstance instance, VkPhysicalDevice **devices, uint32_t *count);

#endif
