/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/cooperative.h"

#include <stdlib.h>

enum { MIN_TILE = 8, MAX_TILE = 32, ROW_BYTES = 64 };

void *vk_cooperative_chain(struct vk_cooperative_features *f, void *next) {
    f->int8 = (VkPhysicalDeviceShaderFloat16Int8Features){.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
                                                          .pNext = next};
    f->memory_model = (VkPhysicalDeviceVulkanMemoryModelFeatures){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES, .pNext = &f->int8};
    f->matrix = (VkPhysicalDeviceCooperativeMatrixFeaturesKHR){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, .pNext = &f->memory_model};
    return &f->matrix;
}

void *vk_cooperative_enable(struct vk_cooperative_features *f, void *next) {
    void *head = vk_cooperative_chain(f, next);
    f->matrix.cooperativeMatrix = f->memory_model.vulkanMemoryModel = f->int8.shaderInt8 = VK_TRUE;
    f->memory_model.vulkanMemoryModelDeviceScope = VK_TRUE; /* lib/then.glsl counts workgroups of the whole device */
    return head;
}

bool vk_cooperative_fits(const VkCooperativeMatrixPropertiesKHR *p) {
    bool types = p->AType == VK_COMPONENT_TYPE_SINT8_KHR && p->BType == VK_COMPONENT_TYPE_SINT8_KHR &&
                 p->CType == VK_COMPONENT_TYPE_SINT32_KHR && p->ResultType == VK_COMPONENT_TYPE_SINT32_KHR;
    bool sizes = p->MSize >= MIN_TILE && p->MSize <= MAX_TILE && p->NSize >= MIN_TILE && p->NSize <= MAX_TILE && p->KSize >= 4 &&
                 p->KSize % 4 == 0 && ROW_BYTES % p->KSize == 0;
    /* every address is then a multiple of min(16, bytes of a row), as loads and stores must be */
    bool aligned = p->MSize % 4 == 0 && p->MSize * p->KSize % 16 == 0;
    return types && sizes && aligned && !p->saturatingAccumulation && p->scope == VK_SCOPE_SUBGROUP_KHR;
}

/* Vulkan 1.3 has the features and properties asked for; no driver offers the extension on an older one. */
static bool has_features(const struct vk_device *d) {
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(d->physical, &properties);
    if (properties.apiVersion < VK_API_VERSION_1_3 || !vk_has_extension(d->physical, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME))
        return false;
    struct vk_cooperative_features f;
    VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                     .pNext = vk_cooperative_chain(&f, NULL)};
    vkGetPhysicalDeviceFeatures2(d->physical, &all);
    return f.matrix.cooperativeMatrix && f.memory_model.vulkanMemoryModel && f.memory_model.vulkanMemoryModelDeviceScope &&
           f.int8.shaderInt8;
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

struct vk_cooperative vk_cooperative_find(const struct vk_device *d) {
    struct vk_cooperative best = {0};
    uint32_t count;
    VkCooperativeMatrixPropertiesKHR *list = has_features(d) ? list_shapes(d, &count) : NULL;
    for (uint32_t i = 0; list && i < count; i++) {
        const VkCooperativeMatrixPropertiesKHR *p = &list[i];
        bool larger = p->MSize * p->NSize * p->KSize > best.m * best.n * best.k;
        if (vk_cooperative_fits(p) && larger) best = (struct vk_cooperative){.m = p->MSize, .n = p->NSize, .k = p->KSize};
    }
    free(list);
    if (best.m) read_subgroup(d, &best);
    return best;
}
