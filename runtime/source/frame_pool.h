/* SPDX-License-Identifier: Apache-2.0
 * Frames in plain memory, for kinds that fill them themselves. */
#ifndef SOURCE_FRAME_POOL_H
#define SOURCE_FRAME_POOL_H

#include "source/kind.h"
#include "source/source.h"

#include <stdatomic.h>

struct frame_pool_slot {
    struct slot slot;
    uint8_t *memory;
    size_t capacity;
    atomic_bool busy;
};

/* One being filled, the latest, and those that are held: the filler always finds one. A zeroed struct is a pool. */
struct frame_pool {
    struct frame_pool_slot slots[SOURCE_HELD + 2];
};

/* A free one with room for so many bytes, to be given to mailbox_post() or frame_pool_put(). NULL: out of memory. */
struct frame_pool_slot *frame_pool_take(struct frame_pool *pool, size_t bytes);
void frame_pool_put(struct frame_pool_slot *slot);
void frame_pool_finish(struct frame_pool *pool);

#endif
