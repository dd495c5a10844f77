/* SPDX-License-Identifier: Apache-2.0 */
#include "source/pool.h"

#include <stdlib.h>

void pool_put(struct pool_slot *slot) {
    free(slot->slot.path);
    slot->slot.path = NULL;
    atomic_store(&slot->busy, false);
}

static void recycle(struct slot *slot) {
    pool_put(slot->owner);
}

static bool reserve(struct pool_slot *slot, size_t bytes) {
    if (bytes <= slot->capacity) return true;
    free(slot->memory); /* its pixels are of no use any more */
    slot->memory = malloc(bytes);
    slot->capacity = slot->memory ? bytes : 0;
    return slot->memory != NULL;
}

struct pool_slot *pool_take(struct pool *p, size_t bytes) {
    for (size_t i = 0; i < sizeof p->slots / sizeof *p->slots; i++) {
        struct pool_slot *slot = &p->slots[i];
        if (atomic_load(&slot->busy)) continue;
        if (!reserve(slot, bytes)) return NULL;
        slot->slot = (struct slot){.recycle = recycle, .owner = slot};
        atomic_store(&slot->busy, true);
        return slot;
    }
    return NULL; /* more held than source_next() allows */
}

void pool_finish(struct pool *p) {
    for (size_t i = 0; i < sizeof p->slots / sizeof *p->slots; i++) {
        free(p->slots[i].slot.path);
        free(p->slots[i].memory);
        p->slots[i].memory = NULL;
    }
}
