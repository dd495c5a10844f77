/* SPDX-License-Identifier: Apache-2.0
 * Vulkan's loader, libvulkan.so.1: loaded when the first device is opened, not linked, so that a program also starts on
 * a machine without it. A function that is used has a line here, and is then called by its usual name. The names are
 * pointers: a test puts a function of its own into one, after vk_loader_open().
 *
 * They are the functions that libvulkan exports, just what a program that links it calls. Each finds instance and
 * device by its first argument, so one table serves all that are open at once. Extensions' functions are not exported:
 * ask vkGetInstanceProcAddr or vkGetDeviceProcAddr where they are used. */
#ifndef VK_LOADER_H
#define VK_LOADER_H

#define VK_NO_PROTOTYPES
#include <stdbool.h>
#include <vulkan/vulkan.h>

#define VK_FUNCTIONS(X)                                                                                                \
    X(vkAllocateCommandBuffers)                                                                                        \
    X(vkAllocateDescriptorSets)                                                                                        \
    X(vkAllocateMemory)                                                                                                \
    X(vkBeginCommandBuffer)                                                                                            \
    X(vkBindBufferMemory)                                                                                              \
    X(vkCmdBindDescriptorSets)                                                                                         \
    X(vkCmdBindPipeline)                                                                                               \
    X(vkCmdCopyBuffer)                                                                                                 \
    X(vkCmdDispatch)                                                                                                   \
    X(vkCmdFillBuffer)                                                                                                 \
    X(vkCmdPipelineBarrier)                                                                                            \
    X(vkCmdPushConstants)                                                                                              \
    X(vkCmdResetQueryPool)                                                                                             \
    X(vkCmdWriteTimestamp)                                                                                             \
    X(vkCreateBuffer)                                                                                                  \
    X(vkCreateCommandPool)                                                                                             \
    X(vkCreateComputePipelines)                                                                                        \
    X(vkCreateDescriptorPool)                                                                                          \
    X(vkCreateDescriptorSetLayout)                                                                                     \
    X(vkCreateDevice)                                                                                                  \
    X(vkCreateFence)                                                                                                   \
    X(vkCreateInstance)                                                                                                \
    X(vkCreatePipelineCache)                                                                                           \
    X(vkCreatePipelineLayout)                                                                                          \
    X(vkCreateQueryPool)                                                                                               \
    X(vkCreateShaderModule)                                                                                            \
    X(vkDestroyBuffer)                                                                                                 \
    X(vkDestroyCommandPool)                                                                                            \
    X(vkDestroyDescriptorPool)                                                                                         \
    X(vkDestroyDescriptorSetLayout)                                                                                    \
    X(vkDestroyDevice)                                                                                                 \
    X(vkDestroyFence)                                                                                                  \
    X(vkDestroyInstance)                                                                                               \
    X(vkDestroyPipeline)                                                                                               \
    X(vkDestroyPipelineCache)                                                                                          \
    X(vkDestroyPipelineLayout)                                                                                         \
    X(vkDestroyQueryPool)                                                                                              \
    X(vkDestroyShaderModule)                                                                                           \
    X(vkDeviceWaitIdle)                                                                                                \
    X(vkEndCommandBuffer)                                                                                              \
    X(vkEnumerateDeviceExtensionProperties)                                                                            \
    X(vkEnumeratePhysicalDevices)                                                                                      \
    X(vkFreeCommandBuffers)                                                                                            \
    X(vkFreeMemory)                                                                                                    \
    X(vkGetBufferMemoryRequirements)                                                                                   \
    X(vkGetDeviceProcAddr)                                                                                             \
    X(vkGetDeviceQueue)                                                                                                \
    X(vkGetInstanceProcAddr)                                                                                           \
    X(vkGetPhysicalDeviceExternalBufferProperties)                                                                     \
    X(vkGetPhysicalDeviceFeatures2)                                                                                    \
    X(vkGetPhysicalDeviceMemoryProperties)                                                                             \
    X(vkGetPhysicalDeviceProperties)                                                                                   \
    X(vkGetPhysicalDeviceProperties2)                                                                                  \
    X(vkGetPhysicalDeviceQueueFamilyProperties)                                                                        \
    X(vkGetPipelineCacheData)                                                                                          \
    X(vkGetQueryPoolResults)                                                                                           \
    X(vkMapMemory)                                                                                                     \
    X(vkQueueSubmit)                                                                                                   \
    X(vkQueueWaitIdle)                                                                                                 \
    X(vkResetFences)                                                                                                   \
    X(vkUpdateDescriptorSets)                                                                                          \
    X(vkWaitForFences)

#define VK_DECLARE(name) extern PFN_##name name;
VK_FUNCTIONS(VK_DECLARE)
#undef VK_DECLARE

/* Loads libvulkan and finds its functions; once for the process, where it stays. After a fault the next call tries
 * again: it may have been installed by then. Errors: DEVICE, with a line: it is not there, or lacks a function.
 * Thread-safety: any thread. */
int vk_loader_open(void);

#endif
