/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/device.h"
#include "base/log.h"
#include "vk/buffer.h"
#include "vk/cache.h"
#include "vk/cooperative.h"
#include "vk/import.h"
#include "vk/instance.h"
#include "vk/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int vk_failed(VkResult result, const char *call) {
    int length = (int)strcspn(call, "("); /* the arguments tell a user nothing */
    switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY: return log_fail(OCELLI_ERR_MEMORY, "%.*s: out of memory", length, call);
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
        return log_fail(OCELLI_ERR_MEMORY, "%.*s: out of device memory: use a smaller model or batch", length, call);
    case VK_ERROR_DEVICE_LOST:
        return log_fail(OCELLI_ERR_LOST, "%.*s: the device was lost: open it again", length, call);
    default:
        return log_fail(OCELLI_ERR_DEVICE, "%.*s: Vulkan error %d: check or update the driver", length, call, result);
    }
}

/* Higher is better. */
static int rank(VkPhysicalDeviceType type) {
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return 4;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return 3;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return 2;
    case VK_PHYSICAL_DEVICE_TYPE_CPU: return 1;
    default: return 0;
    }
}

static bool is_index(const char *choice, uint32_t index) {
    char *end;
    unsigned long value = strtoul(choice, &end, 10);
    return *choice && !*end && value == index;
}

/* Digits alone are an index, never part of a name: "0" must not choose an "RTX 2080". */
static bool is_chosen(const char *choice, uint32_t index, const char *name) {
    if (!choice) return true;
    return choice[strspn(choice, "0123456789")] ? strcasestr(name, choice) != NULL : is_index(choice, index);
}

static int score(const char *choice, uint32_t index, const VkPhysicalDeviceProperties *p) {
    return p->apiVersion >= VK_API_VERSION_1_1 && is_chosen(choice, index, p->deviceName) ? rank(p->deviceType) : -1;
}

static int choose(struct vk_device *device, const char *choice) {
    VkPhysicalDevice *devices;
    uint32_t count;
    int status = vk_instance_devices(device->instance, &devices, &count);
    if (status) return status;
    int best = -1;
    for (uint32_t i = 0; i < count; i++) {
        VkPhysicalDeviceProperties properties;
        vkGetPhysicalDeviceProperties(devices[i], &properties);
        int s = score(choice, i, &properties);
        if (s > best) best = s, device->physical = devices[i];
    }
    free(devices);
    if (device->physical) return OCELLI_OK;
    if (choice && *choice)
        return log_fail(OCELLI_ERR_DEVICE, "no device has the number or, in its name, '%s': `ocelli info` lists them",
                        choice);
    return log_fail(OCELLI_ERR_DEVICE, "no device has Vulkan 1.1: update its driver");
}

static void read_properties(struct vk_device *device) {
    VkPhysicalDeviceShaderIntegerDotProductProperties dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES};
    VkPhysicalDeviceDriverProperties driver = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
    VkPhysicalDeviceSubgroupProperties subgroup = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
                                                   .pNext = &driver};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &subgroup};
    VkPhysicalDeviceProperties core;
    vkGetPhysicalDeviceProperties(device->physical, &core);
    if (core.apiVersion < VK_API_VERSION_1_2) subgroup.pNext = NULL; /* no driver properties yet */
    if (device->integer_dot) dot.pNext = subgroup.pNext, subgroup.pNext = &dot;
    vkGetPhysicalDeviceProperties2(device->physical, &all);
    vkGetPhysicalDeviceMemoryProperties(device->physical, &device->memory);
    snprintf(device->name, sizeof device->name, "%s", all.properties.deviceName);
    snprintf(device->driver, sizeof device->driver, "%s %s", driver.driverName, driver.driverInfo);
    device->type = all.properties.deviceType;
    device->limits = all.properties.limits;
    device->subgroup_size = subgroup.subgroupSize;
    device->subgroup_arithmetic = (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
                                  (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT);
    device->integer_dot_accelerated = device->integer_dot && dot.integerDotProduct4x8BitPackedSignedAccelerated;
}

/* The limits that shaders/ needs (runtime/README.md); any Vulkan 1.1 driver of a real GPU has them. */
int vk_check_limits(const VkPhysicalDeviceLimits *limits, const char *device) {
    const struct {
        const char *name;
        uint32_t has, needed;
    } checks[] = {
        {"maxComputeSharedMemorySize", limits->maxComputeSharedMemorySize, 16 << 10},
        {"maxComputeWorkGroupInvocations", limits->maxComputeWorkGroupInvocations, 256},
        {"maxComputeWorkGroupSize[0]", limits->maxComputeWorkGroupSize[0], 256},
        {"maxPerStageDescriptorStorageBuffers", limits->maxPerStageDescriptorStorageBuffers, VK_MAX_BINDINGS},
        {"maxStorageBufferRange", limits->maxStorageBufferRange, 128 << 20},
        {"maxPushConstantsSize", limits->maxPushConstantsSize, VK_PUSH_SIZE},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (checks[i].has < checks[i].needed)
            return log_fail(OCELLI_ERR_DEVICE,
                            "%s: its %s is %u, ocelli needs %u: choose another device or update the driver", device,
                            checks[i].name, checks[i].has, checks[i].needed);
    return OCELLI_OK;
}

bool vk_has_extension(VkPhysicalDevice physical, const char *name) {
    uint32_t count = 0;
    if (vkEnumerateDeviceExtensionProperties(physical, NULL, &count, NULL) != VK_SUCCESS) return false;
    VkExtensionProperties *list = calloc(count ? count : 1, sizeof *list);
    bool found = false;
    if (list && vkEnumerateDeviceExtensionProperties(physical, NULL, &count, list) == VK_SUCCESS)
        for (uint32_t i = 0; i < count && !found; i++) found = strcmp(list[i].extensionName, name) == 0;
    free(list);
    return found;
}

/* Reads whether the packed dot product exists; *extension is set when it must be enabled by name. */
static bool has_integer_dot(const struct vk_device *d, const char **extension) {
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(d->physical, &properties);
    if (properties.apiVersion < VK_API_VERSION_1_3) {
        if (!vk_has_extension(d->physical, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME)) return false;
        *extension = VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME;
    }
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &dot};
    vkGetPhysicalDeviceFeatures2(d->physical, &features);
    return dot.shaderIntegerDotProduct;
}

/* May a pipeline require full subgroups of `size`? *extension is set when it must be enabled by name. */
static bool has_full_subgroups(const struct vk_device *device, uint32_t size, const char **extension) {
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(device->physical, &properties);
    if (properties.apiVersion < VK_API_VERSION_1_3) {
        if (!vk_has_extension(device->physical, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) return false;
        *extension = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
    }
    VkPhysicalDeviceSubgroupSizeControlFeatures control = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &control};
    VkPhysicalDeviceSubgroupSizeControlProperties sizes = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &sizes};
    vkGetPhysicalDeviceFeatures2(device->physical, &features);
    vkGetPhysicalDeviceProperties2(device->physical, &all);
    return control.subgroupSizeControl && control.computeFullSubgroups && size >= sizes.minSubgroupSize &&
           size <= sizes.maxSubgroupSize && (sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT);
}

/* A compute queue, one without graphics if there is one: it does not wait for a display. */
static int choose_queue(struct vk_device *device) {
    VkQueueFamilyProperties family[32];
    uint32_t count = 32;
    vkGetPhysicalDeviceQueueFamilyProperties(device->physical, &count, family);
    int best = -1;
    for (uint32_t i = 0; i < count; i++) {
        if (!(family[i].queueFlags & VK_QUEUE_COMPUTE_BIT)) continue;
        bool better = best < 0 || ((family[best].queueFlags & VK_QUEUE_GRAPHICS_BIT) &&
                                   !(family[i].queueFlags & VK_QUEUE_GRAPHICS_BIT));
        if (better) best = (int)i;
    }
    if (best < 0) return log_fail(OCELLI_ERR_DEVICE, "%s: no compute queue: choose another device", device->name);
    device->queue_family = (uint32_t)best;
    device->timestamp_bits = family[best].timestampValidBits;
    return OCELLI_OK;
}

static int create_device(struct vk_device *device, const char *dot_extension, const char *subgroup_extension) {
    float priority = 1.0f;
    VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                     .queueFamilyIndex = device->queue_family,
                                     .queueCount = 1,
                                     .pQueuePriorities = &priority};
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
        .shaderIntegerDotProduct = VK_TRUE};
    struct vk_cooperative_features cooperative;
    VkPhysicalDeviceSubgroupSizeControlFeatures subgroups = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
        .subgroupSizeControl = VK_TRUE,
        .computeFullSubgroups = VK_TRUE};
    const char *extensions[VK_IMPORT_EXTENSIONS + 3];
    uint32_t extension_count = vk_import_find(device, extensions);
    void *features = device->integer_dot ? &dot : NULL;
    if (device->integer_dot && dot_extension) extensions[extension_count++] = dot_extension;
    if (device->full_subgroups) subgroups.pNext = features, features = &subgroups;
    if (device->full_subgroups && subgroup_extension) extensions[extension_count++] = subgroup_extension;
    if (device->cooperative.m) {
        extensions[extension_count++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
        features = vk_cooperative_enable(&cooperative, features);
    }
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = features,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue,
                               .enabledExtensionCount = extension_count,
                               .ppEnabledExtensionNames = extensions};
    VK_TRY(vkCreateDevice(device->physical, &info, NULL, &device->device));
    vkGetDeviceQueue(device->device, device->queue_family, 0, &device->queue);
    VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                    .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                    .queueFamilyIndex = device->queue_family};
    VK_TRY(vkCreateCommandPool(device->device, &pool, NULL, &device->command_pool));
    return OCELLI_OK;
}

static int open_device(struct vk_device *d, const char *choice) {
    int status = vk_instance_open(&d->instance, &d->messenger);
    if (!status) status = choose(d, choice);
    if (status) return status;
    const char *dot_extension = NULL, *subgroup_extension = NULL;
    d->integer_dot = has_integer_dot(d, &dot_extension);
    d->cooperative = vk_cooperative_find(d);
    read_properties(d);
    d->full_subgroups = has_full_subgroups(d, d->subgroup_size, &subgroup_extension);
    status = vk_check_limits(&d->limits, d->name);
    if (!status) status = choose_queue(d);
    if (!status) status = create_device(d, dot_extension, subgroup_extension);
    return status ? status : vk_cache_open(d);
}

int vk_device_open(struct vk_device *device, const char *choice) {
    *device = (struct vk_device){0};
    int status = open_device(device, choice);
    if (status) vk_device_close(device);
    return status;
}

void vk_device_close(struct vk_device *device) {
    if (device->device) {
        vkDeviceWaitIdle(device->device);
        vk_buffer_drop_uploads(device);
        vk_cache_close(device);
        vk_pipelines_destroy(device);
        if (device->command_pool) vkDestroyCommandPool(device->device, device->command_pool, NULL);
        vkDestroyDevice(device->device, NULL);
    }
    vk_instance_close(device->instance, device->messenger);
    *device = (struct vk_device){0};
}

void vk_label(const struct vk_device *device, VkObjectType type, uint64_t object, const char *name) {
    if (!device->messenger) return;
    PFN_vkSetDebugUtilsObjectNameEXT set =
        (PFN_vkSetDebugUtilsObjectNameEXT)vkGetInstanceProcAddr(device->instance, "vkSetDebugUtilsObjectNameEXT");
    VkDebugUtilsObjectNameInfoEXT info = {.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
                                          .objectType = type,
                                          .objectHandle = object,
                                          .pObjectName = name};
    if (set) set(device->device, &info);
}
