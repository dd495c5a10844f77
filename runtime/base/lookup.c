/* SPDX-License-Identifier: Apache-2.0
 * Open addressing with steps of one: Knuth, The Art of Computer Programming, volume 3, section 6.4, algorithm L. */
#include "base/lookup.h"

#include <stdint.h>
#include <string.h>

struct lookup_slot {
    const char *name; /* NULL: free */
    size_t number;
};

/* FNV-1a. */
static uint64_t hash_of(const char *name) {
    uint64_t hash = 14695981039346656037u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return hash ^ hash >> 32;
}

bool lookup_init(struct lookup *lookup, struct arena *arena, size_t most) {
    size_t capacity = 4;
    while (capacity < 2 * most) capacity *= 2;
    *lookup = (struct lookup){arena_alloc(arena, capacity, sizeof *lookup->slots), capacity};
    if (!lookup->slots) *lookup = (struct lookup){0};
    return lookup->slots != NULL;
}

/* The slot that has the name, or else the free one for it. */
static struct lookup_slot *slot_of(const struct lookup *n, const char *name) {
    size_t i = (size_t)hash_of(name) & (n->capacity - 1);
    while (n->slots[i].name && strcmp(n->slots[i].name, name)) i = (i + 1) & (n->capacity - 1);
    return &n->slots[i];
}

bool lookup_find(const struct lookup *lookup, const char *name, size_t *number) {
    const struct lookup_slot *slot = lookup->capacity ? slot_of(lookup, name) : NULL;
    if (!slot || !slot->name) return false;
    if (number) *number = slot->number;
    return true;
}

void lookup_add(struct lookup *lookup, const char *name, size_t number) {
    *slot_of(lookup, name) = (struct lookup_slot){name, number};
}

void lookup_clear(struct lookup *lookup) {
    if (lookup->slots) memset(lookup->slots, 0, lookup->capacity * sizeof *lookup->slots);
}
