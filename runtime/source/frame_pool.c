/* SPDX-License-Identifier: Apache-2.0 */
#include "source/frame_pool.h"

#include <stdlib.h>

void frame_pool_put(struct frame_pool_slot *slot) {
    free(slot->slot.path);
    slot->slot.path = NULL;
    atomic_store(&slot->busy, false);
}

static void recycle(struct slot *slot) {
    frame_pool_put(slot->owner);
}

static bool reserve(struct frame_pool_slot *slot, size_t bytes) {
    if (bytes <= slot->capacity) return true;
    free(slot->memory); /* its pixels are of no use any more */
    slot->memory = malloc(bytes);
    slot->capacity = slot->memory ? bytes : 0;
    return slot->memory != NULL;
}

struct frame_pool_slot *frame_pool_take(struct frame_pool *pool, size_t bytes) {
    for (size_t i = 0; i < sizeof pool->slots / sizeof *pool->slots; i++) {
        struct frame_pool_slot *slot = &pool->slots[i];
        if (atomic_load(&slot->busy)) continue;
        if (!reserve(slot, bytes)) return NULL;
        slot->slot = (struct slot){.recycle = recycle, .owner = slot};
        atomic_store(&slot->busy, true);
        return slot;
    }
    return NULL; /* more held than source_next() allows */
}

void frame_pool_finish(struct frame_pool *pool) {
    for (size_t i = 0; i < sizeof pool->slots / sizeof *pool->slots; i++) {
        free(pool->slots[i].slot.path);
        free(pool->slots[i].memory);
        pool->slots[i].memory = NULL;
    }
}
