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
    case VK_ERROR_DEVICE_LOST: return log_fail(OCELLI_ERR_LOST, "%.*s: the device was lost: open it again", length, call);
    default: return log_fail(OCELLI_ERR_DEVICE, "%.*s: Vulkan error %d: check or update the driver", length, call, result);
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

static int choose(struct vk_device *d, const char *choice) {
    VkPhysicalDevice *devices;
    uint32_t count;
    int status = vk_instance_devices(d->instance, &devices, &count);
    if (status) return status;
    int best = -1;
    for (uint32_t i = 0; i < count; i++) {
        VkPhysicalDeviceProperties properties;
        vkGetPhysicalDeviceProperties(devices[i], &properties);
        int s = score(choice, i, &properties);
        if (s > best) best = s, d->physical = devices[i];
    }
    free(devices);
    if (d->physical) return OCELLI_OK;
    if (choice && *choice)
        return log_fail(OCELLI_ERR_DEVICE, "no device has the number or, in its name, '%s': `ocelli info` lists them", choice);
    return log_fail(OCELLI_ERR_DEVICE, "no device has Vulkan 1.1: update its driver");
}

static void read_properties(struct vk_device *d) {
    VkPhysicalDeviceShaderIntegerDotProductProperties dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES};
    VkPhysicalDeviceDriverProperties driver = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
    VkPhysicalDeviceSubgroupProperties subgroup = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
                                                   .pNext = &driver};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &subgroup};
    VkPhysicalDeviceProperties core;
    vkGetPhysicalDeviceProperties(d->physical, &core);
    if (core.apiVersion < VK_API_VERSION_1_2) subgroup.pNext = NULL; /* no driver properties yet */
    if (d->integer_dot) dot.pNext = subgroup.pNext, subgroup.pNext = &dot;
    vkGetPhysicalDeviceProperties2(d->physical, &all);
    vkGetPhysicalDeviceMemoryProperties(d->physical, &d->memory);
    snprintf(d->name, sizeof d->name, "%s", all.properties.deviceName);
    snprintf(d->driver, sizeof d->driver, "%s %s", driver.driverName, driver.driverInfo);
    d->type = all.properties.deviceType;
    d->limits = all.properties.limits;
    d->subgroup_size = subgroup.subgroupSize;
    d->subgroup_arithmetic = (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
                             (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT);
    d->integer_dot_accelerated = d->integer_dot && dot.integerDotProduct4x8BitPackedSignedAccelerated;
}

/* What shaders/ is written for (runtime/README.md); any Vulkan 1.1 driver of a real GPU has it. */
int vk_check_limits(const VkPhysicalDeviceLimits *l, const char *device) {
    const struct {
        const char *name;
        uint32_t has, needed;
    } checks[] = {
        {"maxComputeSharedMemorySize", l->maxComputeSharedMemorySize, 16 << 10},
        {"maxComputeWorkGroupInvocations", l->maxComputeWorkGroupInvocations, 256},
        {"maxComputeWorkGroupSize[0]", l->maxComputeWorkGroupSize[0], 256},
        {"maxPerStageDescriptorStorageBuffers", l->maxPerStageDescriptorStorageBuffers, VK_MAX_BINDINGS},
        {"maxStorageBufferRange", l->maxStorageBufferRange, 128 << 20},
        {"maxPushConstantsSize", l->maxPushConstantsSize, VK_PUSH_SIZE},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        if (checks[i].has < checks[i].needed)
            return log_fail(OCELLI_ERR_DEVICE, "%s: its %s is %u, ocelli needs %u: choose another device or update the driver",
                            device, checks[i].name, checks[i].has, checks[i].needed);
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
static bool has_full_subgroups(const struct vk_device *d, uint32_t size, const char **extension) {
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(d->physical, &properties);
    if (properties.apiVersion < VK_API_VERSION_1_3) {
        if (!vk_has_extension(d->physical, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) return false;
        *extension = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
    }
    VkPhysicalDeviceSubgroupSizeControlFeatures control = {.sType =
                                                               VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &control};
    VkPhysicalDeviceSubgroupSizeControlProperties sizes = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &sizes};
    vkGetPhysicalDeviceFeatures2(d->physical, &features);
    vkGetPhysicalDeviceProperties2(d->physical, &all);
    return control.subgroupSizeControl && control.computeFullSubgroups && size >= sizes.minSubgroupSize &&
           size <= sizes.maxSubgroupSize && (sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT);
}

/* A compute queue, one without graphics if there is one: it does not wait for a display. */
static int choose_queue(struct vk_device *d) {
    VkQueueFamilyProperties family[32];
    uint32_t count = 32;
    vkGetPhysicalDeviceQueueFamilyProperties(d->physical, &count, family);
    int best = -1;
    for (uint32_t i = 0; i < count; i++) {
        if (!(family[i].queueFlags & VK_QUEUE_COMPUTE_BIT)) continue;
        bool better =
            best < 0 || ((family[best].queueFlags & VK_QUEUE_GRAPHICS_BIT) && !(family[i].queueFlags & VK_QUEUE_GRAPHICS_BIT));
        if (better) best = (int)i;
    }
    if (best < 0) return log_fail(OCELLI_ERR_DEVICE, "%s: no compute queue: choose another device", d->name);
    d->queue_family = (uint32_t)best;
    d->timestamp_bits = family[best].timestampValidBits;
    return OCELLI_OK;
}

static int create_device(struct vk_device *d, const char *dot_extension, const char *subgroup_extension) {
    float priority = 1.0f;
    VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                     .queueFamilyIndex = d->queue_family,
                                     .queueCount = 1,
                                     .pQueuePriorities = &priority};
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES, .shaderIntegerDotProduct = VK_TRUE};
    struct vk_cooperative_features cooperative;
    VkPhysicalDeviceSubgroupSizeControlFeatures subgroups = {.sType =
                                                                 VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
                                                             .subgroupSizeControl = VK_TRUE,
                                                             .computeFullSubgroups = VK_TRUE};
    const char *extensions[VK_IMPORT_EXTENSIONS + 3];
    uint32_t extension_count = vk_import_find(d, extensions);
    void *features = d->integer_dot ? &dot : NULL;
    if (d->integer_dot && dot_extension) extensions[extension_count++] = dot_extension;
    if (d->full_subgroups) subgroups.pNext = features, features = &subgroups;
    if (d->full_subgroups && subgroup_extension) extensions[extension_count++] = subgroup_extension;
    if (d->cooperative.m) {
        extensions[extension_count++] = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME;
        features = vk_cooperative_enable(&cooperative, features);
    }
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = features,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue,
                               .enabledExtensionCount = extension_count,
                               .ppEnabledExtensionNames = extensions};
    VK_TRY(vkCreateDevice(d->physical, &info, NULL, &d->device));
    vkGetDeviceQueue(d->device, d->queue_family, 0, &d->queue);
    VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                    .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                    .queueFamilyIndex = d->queue_family};
    VK_TRY(vkCreateCommandPool(d->device, &pool, NULL, &d->command_pool));
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

int vk_device_open(struct vk_device *d, const char *choice) {
    *d = (struct vk_device){0};
    int status = open_device(d, choice);
    if (status) vk_device_close(d);
    return status;
}

void vk_device_close(struct vk_device *d) {
    if (d->device) {
        vkDeviceWaitIdle(d->device);
        vk_buffer_drop_uploads(d);
        vk_cache_close(d);
        vk_pipelines_destroy(d);
        if (d->command_pool) vkDestroyCommandPool(d->device, d->command_pool, NULL);
        vkDestroyDevice(d->device, NULL);
    }
    vk_instance_close(d->instance, d->messenger);
    *d = (struct vk_device){0};
}

void vk_label(const struct vk_device *d, VkObjectType type, uint64_t object, const char *name) {
    if (!d->messenger) return;
    PFN_vkSetDebugUtilsObjectNameEXT set =
        (PFN_vkSetDebugUtilsObjectNameEXT)vkGetInstanceProcAddr(d->instance, "vkSetDebugUtilsObjectNameEXT");
    VkDebugUtilsObjectNameInfoEXT info = {.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
                                          .objectType = type,
                                          .objectHandle = object,
                                          .pObjectName = name};
    if (set) set(d->device, &info);
}
