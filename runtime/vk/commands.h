/* SPDX-License-Identifier: Apache-2.0
 * A list of dispatches, recorded once and run many times. */
#ifndef VK_COMMANDS_H
#define VK_COMMANDS_H

#include "vk/buffer.h"
#include "vk/pipeline.h"

/* A range of a buffer as a shader sees it. */
struct vk_view {
    const struct vk_buffer *buffer;
    uint64_t offset, size; /* bytes; size 0: to the end */
};

/* What was recorded, for bench --plan. */
struct vk_dispatch {
    const char *label; /* what it computes, static */
    struct vk_shader shader;
    uint32_t groups[3];
    uint64_t macs;                               /* multiply-accumulates */
    uint64_t bytes;                              /* of buffers, each counted once: read and written */
    uint32_t push[VK_PUSH_SIZE / 4], push_count; /* push constants; set by vk_commands_dispatch */
};

struct vk_commands {
    VkCommandBuffer buffer;
    VkDescriptorPool *pools;   /* of descriptor sets, each twice the one before */
    uint32_t pool_count, sets; /* sets: room for, in all pools */
    VkFence fence;
    VkQueryPool queries; /* a timestamp before and after every dispatch, when timed */
    struct vk_dispatch *dispatches;
    uint32_t count, capacity, limit; /* recorded, room for, allowed */
};

/* Starts recording at most `capacity` dispatches; memory grows with what is recorded. What was recorded before is
 * dropped. Accepts a zeroed struct. Errors: MEMORY, LOST. */
int vk_commands_begin(struct vk_commands *commands, struct vk_device *device, uint32_t limit);
/* As vk_commands_begin, with a GPU timestamp around every dispatch. */
int vk_commands_begin_timed(struct vk_commands *commands, struct vk_device *device, uint32_t limit);

/* Records one dispatch; it sees what the dispatches before it wrote. push: `push_size` bytes, a
 * multiple of 4. Errors: DEVICE, MEMORY, LIMIT (more groups than the device can). */
int vk_commands_dispatch(struct vk_commands *commands, struct vk_device *device, const struct vk_dispatch *dispatch,
                         const struct vk_view *views, const void *push, uint32_t push_size);

/* Records a copy between buffers, ordered like a dispatch. */
void vk_commands_copy(struct vk_commands *commands, const struct vk_view *from, const struct vk_view *to,
                      uint64_t size);

int vk_commands_end(struct vk_commands *commands, struct vk_device *device);
/* Sends what vk_buffer_write() left waiting, then submits and waits. Errors: LOST, MEMORY. */
int vk_commands_run(struct vk_commands *commands, struct vk_device *device);
/* The same, but what vk_buffer_write() left waiting is not sent before it. */
int vk_commands_submit(struct vk_commands *commands, struct vk_device *device);
/* Milliseconds of every dispatch of the last run of a timed list. ms: (count). */
int vk_commands_times(const struct vk_commands *commands, const struct vk_device *device, double *ms);
/* Accepts a zeroed or half-made list. */
void vk_commands_destroy(struct vk_commands *commands, struct vk_device *device);

#endif
