/* SPDX-License-Identifier: Apache-2.0
 * Cooperative matrices (VK_KHR_cooperative_matrix): is the product that shaders/linear_mma.comp is
 * made of there, and in which shape. */
#ifndef VK_COOPERATIVE_H
#define VK_COOPERATIVE_H

#include "vk/device.h"

/* Headers before 1.3.255 (Ubuntu 22.04, Debian 12) lack what follows; names and values by the registry's vk.xml. */
#ifndef VK_KHR_cooperative_matrix
#define VK_KHR_cooperative_matrix 1
#define VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME "VK_KHR_cooperative_matrix"
#define VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR ((VkStructureType)1000506000)
#define VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR ((VkStructureType)1000506001)
typedef enum VkComponentTypeKHR {
    VK_COMPONENT_TYPE_SINT8_KHR = 3,
    VK_COMPONENT_TYPE_SINT32_KHR = 5
} VkComponentTypeKHR;
typedef enum VkScopeKHR { VK_SCOPE_SUBGROUP_KHR = 3 } VkScopeKHR;
typedef struct VkPhysicalDeviceCooperativeMatrixFeaturesKHR {
    VkStructureType sType;
    void *pNext;
    VkBool32 cooperativeMatrix, cooperativeMatrixRobustBufferAccess;
} VkPhysicalDeviceCooperativeMatrixFeaturesKHR;
typedef struct VkCooperativeMatrixPropertiesKHR {
    VkStructureType sType;
    void *pNext;
    uint32_t MSize, NSize, KSize;
    VkComponentTypeKHR AType, BType, CType, ResultType;
    VkBool32 saturatingAccumulation;
    VkScopeKHR scope;
} VkCooperativeMatrixPropertiesKHR;
typedef VkResult(VKAPI_PTR *PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)(VkPhysicalDevice, uint32_t *,
                                                                                   VkCooperativeMatrixPropertiesKHR *);
#endif

/* Reads the shape: the largest that fits; all 0 where extension, features or a fitting shape are missing. */
struct vk_cooperative vk_cooperative_find(const struct vk_device *device);
/* Does linear_mma.comp work with it? It needs int8 by int8 into int32, not saturating, for a subgroup. Tiles have 8 to
 * 32 rows and columns. K is a multiple of 4 that divides the rows' 64 bytes. */
bool vk_cooperative_fits(const VkCooperativeMatrixPropertiesKHR *properties);

/* The features to be enabled for it. */
struct vk_cooperative_features {
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrix;
    VkPhysicalDeviceVulkanMemoryModelFeatures memory_model; /* GL_KHR_cooperative_matrix compiles to it */
    VkPhysicalDeviceShaderFloat16Int8Features int8;
};
/* Links the three, `next` behind them; all features VK_FALSE. The head of the chain. */
void *vk_cooperative_chain(struct vk_cooperative_features *features, void *next);
/* As vk_cooperative_chain, with the features that are needed set. */
void *vk_cooperative_enable(struct vk_cooperative_features *features, void *next);

#endif
