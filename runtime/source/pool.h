/* SPDX-License-Identifier: Apache-2.0
 * Frames in plain memory, for kinds that fill them themselves. */
#ifndef SOURCE_POOL_H
#define SOURCE_POOL_H

#include "source/kind.h"
#include "source/source.h"

#include <stdatomic.h>

struct pool_slot {
    struct slot slot;
    uint8_t *memory;
    size_t capacity;
    atomic_bool busy;
};

/* One being filled, the latest, and those that are held: the filler always finds one. A zeroed struct is a pool. */
struct pool {
    struct pool_slot slots[SOURCE_HELD + 2];
};

/* A free one with room for so many bytes, to be given to box_post() or pool_put(). NULL: out of memory. */
struct pool_slot *pool_take(struct pool *p, size_t bytes);
void pool_put(struct pool_slot *slot);
void pool_finish(struct pool *p);

#endif
