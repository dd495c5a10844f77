/* SPDX-License-Identifier: Apache-2.0
 * One Vulkan device with one compute queue, and what it can do. */
#ifndef VK_DEVICE_H
#define VK_DEVICE_H

#include "vk/loader.h"

#include <ocelli.h>
#include <stdbool.h>

struct vk_pipeline;
struct vk_upload;

/* int8 (m, k) by (k, n) into int32, by one subgroup; all 0: not there. See cooperative.h. */
struct vk_cooperative {
    uint32_t m, n, k;
    uint32_t subgroup; /* lanes of the largest subgroup that a shader may get */
    bool plain;        /* tests: computed without the extension */
};

struct vk_device {
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger; /* with OCELLI_VALIDATE=1 */
    VkPhysicalDevice physical;
    VkDevice device;
    VkQueue queue;
    uint32_t queue_family;
    VkCommandPool command_pool;

    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
    char driver[VK_MAX_DRIVER_NAME_SIZE + VK_MAX_DRIVER_INFO_SIZE + 2];
    VkPhysicalDeviceType type;
    VkPhysicalDeviceLimits limits;
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t subgroup_size;
    bool full_subgroups;          /* a pipeline may require them, of subgroup_size: struct vk_shader */
    bool subgroup_arithmetic;     /* subgroupAdd in compute shaders */
    bool integer_dot;             /* packed 8-bit dot product exists ... */
    bool integer_dot_accelerated; /* ... and is an instruction, not a sequence */
    struct vk_cooperative cooperative;
    uint32_t timestamp_bits; /* 0: the queue has no timestamps */
    uint32_t
        foreign_family; /* whose memory can be imported: the owner of a camera's frames; 0: none can. See import.h */

    VkPipelineCache cache;         /* see cache.h */
    char *cache_path;              /* its file; NULL: none can be kept */
    size_t cache_file_size;        /* bytes of the file it was read from; 0: none */
    struct vk_pipeline *pipelines; /* made so far, see pipeline.h */
    uint32_t pipeline_count;
    uint64_t bytes_allocated;
    struct vk_upload *upload; /* what waits to be sent: buffer.h */
    bool apart;               /* tests: the host cannot see DEVICE buffers, as on a card with memory of its own */
};

/* `choice`: index or part of the name (any case); NULL: the best one (discrete, integrated,
 * virtual, CPU). Errors: DEVICE (no libvulkan; no driver,
 * no such device, a feature missing), MEMORY. */
int vk_device_open(struct vk_device *device, const char *choice);
/* Is there room for every shader? Errors: DEVICE, one line with the limit that is too small. */
int vk_check_limits(const VkPhysicalDeviceLimits *limits, const char *device);
/* Does the device offer the extension? */
bool vk_has_extension(VkPhysicalDevice physical, const char *name);
/* Accepts a zeroed or half-opened device. */
void vk_device_close(struct vk_device *device);

/* Name of device `index`; *count: how many there are. Errors: USAGE (no such index; no line is logged), DEVICE, MEMORY.
 */
int vk_device_name(uint32_t index, char *name, size_t size, uint32_t *count);

/* Messages of the validation layer since the process began; each was also logged. */
unsigned vk_validation_messages(void);

/* The one place a Vulkan result becomes a status, with a line that names the call. */
int vk_failed(VkResult result, const char *call);
#define VK_TRY(call)                                                                                                   \
    do {                                                                                                               \
        VkResult vk_result_ = (call);                                                                                  \
        if (vk_result_ != VK_SUCCESS) return vk_failed(vk_result_, #call);                                             \
    } while (0)

/* Names an object for the validation layer and GPU debuggers; does nothing without them. */
void vk_label(const struct vk_device *device, VkObjectType type, uint64_t object, const char *name);

#endif
