/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/cooperative.h"

#include <stdlib.h>

enum { MIN_TILE = 8, MAX_TILE = 32, ROW_BYTES = 64 };

void *vk_cooperative_chain(struct vk_cooperative_features *features, void *next) {
    features->int8 = (VkPhysicalDeviceShaderFloat16Int8Features){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES, .pNext = next};
    features->memory_model = (VkPhysicalDeviceVulkanMemoryModelFeatures){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES, .pNext = &features->int8};
    features->matrix = (VkPhysicalDeviceCooperativeMatrixFeaturesKHR){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, .pNext = &features->memory_model};
    return &features->matrix;
}

void *vk_cooperative_enable(struct vk_cooperative_features *features, void *next) {
    void *head = vk_cooperative_chain(features, next);
    features->matrix.cooperativeMatrix = features->memory_model.vulkanMemoryModel = features->int8.shaderInt8 = VK_TRUE;
    features->memory_model.vulkanMemoryModelDeviceScope =
        VK_TRUE; /* lib/row_epilogue.glsl counts workgroups of the whole device */
    return head;
}

bool vk_cooperative_fits(const VkCooperativeMatrixPropertiesKHR *properties) {
    bool types = properties->AType == VK_COMPONENT_TYPE_SINT8_KHR && properties->BType == VK_COMPONENT_TYPE_SINT8_KHR &&
                 properties->CType == VK_COMPONENT_TYPE_SINT32_KHR &&
                 properties->ResultType == VK_COMPONENT_TYPE_SINT32_KHR;
    bool sizes = properties->MSize >= MIN_TILE && properties->MSize <= MAX_TILE && properties->NSize >= MIN_TILE &&
                 properties->NSize <= MAX_TILE && properties->KSize >= 4 && properties->KSize % 4 == 0 &&
                 ROW_BYTES % properties->KSize == 0;
    /* every address is then a multiple of min(16, bytes of a row), as loads and stores must be */
    bool aligned = properties->MSize % 4 == 0 && properties->MSize * properties->KSize % 16 == 0;
    return types && sizes && aligned && !properties->saturatingAccumulation &&
           properties->scope == VK_SCOPE_SUBGROUP_KHR;
}

/* Vulkan 1.3 has the features and properties asked for; no driver offers the extension on an older one. */
static bool has_features(const struct vk_device *d) {
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(d->physical, &properties);
    if (properties.apiVersion < VK_API_VERSION_1_3 ||
        !vk_has_extension(d->physical, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME))
        return false;
    struct vk_cooperative_features f;
    VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                     .pNext = vk_cooperative_chain(&f, NULL)};
    vkGetPhysicalDeviceFeatures2(d->physical, &all);
    return f.matrix.cooperativeMatrix && f.memory_model.vulkanMemoryModel &&
           f.memory_model.vulkanMemoryModelDeviceScope && f.int8.shaderInt8;
}

static VkCooperativeMatrixPropertiesKHR *list_shapes(const struct vk_device *d, uint32_t *count) {
    PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR get =
        (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)vkGetInstanceProcAddr(
            d->instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
    *count = 0;
    if (!get || get(d->physical, count, NULL) != VK_SUCCESS) return NULL;
    VkCooperativeMatrixPropertiesKHR *list = calloc(*count + 1, sizeof *list);
    for (uint32_t i = 0; list && i < *count; i++) list[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
    if (list && get(d->physical, count, list) == VK_SUCCESS) return list;
    free(list);
    return NULL;
}

/* Mesa 26.1's llvmpipe computes its 8x8 with 8 lanes only: with 16 it offers them too, and its compiler crashes. */
static bool is_broken(VkDriverId driver, const struct vk_cooperative *shape) {
    return driver == VK_DRIVER_ID_MESA_LLVMPIPE && shape->subgroup != shape->m;
}

static void read_subgroup(const struct vk_device *d, struct vk_cooperative *shape) {
    VkPhysicalDeviceDriverProperties driver = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
    VkPhysicalDeviceSubgroupSizeControlProperties sizes = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES, .pNext = &driver};
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &sizes};
    vkGetPhysicalDeviceProperties2(d->physical, &all);
    shape->subgroup = sizes.maxSubgroupSize;
    if (is_broken(driver.driverID, shape)) *shape = (struct vk_cooperative){0};
}

struct vk_cooperative vk_cooperative_find(const struct vk_device *device) {
    struct vk_cooperative best = {0};
    uint32_t count;
    VkCooperativeMatrixPropertiesKHR *list = has_features(device) ? list_shapes(device, &count) : NULL;
    for (uint32_t i = 0; list && i < count; i++) {
        const VkCooperativeMatrixPropertiesKHR *p = &list[i];
        bool larger = p->MSize * p->NSize * p->KSize > best.m * best.n * best.k;
        if (vk_cooperative_fits(p) && larger)
            best = (struct vk_cooperative){.m = p->MSize, .n = p->NSize, .k = p->KSize};
    }
    free(list);
    if (best.m) read_subgroup(device, &best);
    return best;
}
