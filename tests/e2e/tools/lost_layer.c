/* SPDX-License-Identifier: Apache-2.0
 * A Vulkan layer between the loader and the real driver: when the file $LOST_FILE is there, it is removed, and from
 * then on every submit to that VkDevice fails with VK_ERROR_DEVICE_LOST, as after a reset of the GPU; a new device
 * works. With $SLOW_MS each submit takes that much longer. While the file $HANG_FILE is there, a submit does not
 * return; it makes $HANG_FILE.seen. LoaderLayerInterface.md of the Vulkan loader tells the rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

/* Tells the script that a submit hangs. */
static void note(const char *hang) {
    char path[4096];
    snprintf(path, sizeof path, "%s.seen", hang);
    FILE *file = fopen(path, "w");
    if (file) fclose(file);
}

static PFN_vkGetInstanceProcAddr next_instance;
static PFN_vkGetDeviceProcAddr next_device;
static PFN_vkQueueSubmit next_submit;
static PFN_vkCreateDevice next_create_device;
static int lost; /* the device that there is */

#define EXPORT __attribute__((visibility("default")))

static VKAPI_ATTR VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos, VkFence fence) {
    const char *file = getenv("LOST_FILE"), *slow = getenv("SLOW_MS"), *hang = getenv("HANG_FILE");
    if (file && unlink(file) == 0) lost = 1;
    if (slow) usleep((useconds_t)atoi(slow) * 1000);
    if (hang && access(hang, F_OK) == 0) note(hang);
    while (hang && access(hang, F_OK) == 0) usleep(10000);
    return lost ? VK_ERROR_DEVICE_LOST : next_submit(queue, count, infos, fence);
}

/* The loader's own structure in the chain of a create info. */
static void *link_of(const void *chain, VkStructureType type) {
    for (const VkLayerInstanceCreateInfo *i = chain; i; i = i->pNext)
        if (i->sType == type && i->function == VK_LAYER_LINK_INFO) return (void *)i;
    return NULL;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator, VkDevice *device) {
    VkLayerDeviceCreateInfo *link = link_of(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
    if (!link) return VK_ERROR_INITIALIZATION_FAILED;
    next_device = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    VkResult result = next_create_device(physical, info, allocator, device);
    lost = 0;
    if (!result) next_submit = (PFN_vkQueueSubmit)next_device(*device, "vkQueueSubmit");
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *allocator, VkInstance *instance) {
    VkLayerInstanceCreateInfo *link = link_of(info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
    if (!link) return VK_ERROR_INITIALIZATION_FAILED;
    next_instance = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    PFN_vkCreateInstance create = (PFN_vkCreateInstance)next_instance(NULL, "vkCreateInstance");
    VkResult result = create(info, allocator, instance);
    if (!result) next_create_device = (PFN_vkCreateDevice)next_instance(*instance, "vkCreateDevice");
    return result;
}

static PFN_vkVoidFunction ours(const char *name);

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_function(VkDevice device, const char *name) {
    PFN_vkVoidFunction f = ours(name);
    return f ? f : next_device(device, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL instance_function(VkInstance instance, const char *name) {
    PFN_vkVoidFunction f = ours(name);
    return f ? f : next_instance(instance, name);
}

static PFN_vkVoidFunction ours(const char *name) {
    if (!strcmp(name, "vkCreateInstance")) return (PFN_vkVoidFunction)create_instance;
    if (!strcmp(name, "vkCreateDevice")) return (PFN_vkVoidFunction)create_device;
    if (!strcmp(name, "vkQueueSubmit")) return (PFN_vkVoidFunction)submit;
    if (!strcmp(name, "vkGetDeviceProcAddr")) return (PFN_vkVoidFunction)device_function;
    if (!strcmp(name, "vkGetInstanceProcAddr")) return (PFN_vkVoidFunction)instance_function;
    return NULL;
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *interface) {
    interface->loaderLayerInterfaceVersion = 2;
    interface->pfnGetInstanceProcAddr = instance_function;
    interface->pfnGetDeviceProcAddr = device_function;
    interface->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
