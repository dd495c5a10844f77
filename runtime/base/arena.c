/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 1 << 16, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *previous;
    size_t size, used; /* bytes of data[] */
    alignas(ALIGNMENT) unsigned char data[];
};

static struct arena_block *grow(struct arena *a, size_t need) {
    size_t size = need > BLOCK_SIZE ? need : BLOCK_SIZE;
    if (size > SIZE_MAX - sizeof(struct arena_block)) return NULL;
    struct arena_block *block = calloc(1, sizeof *block + size);
    if (!block) return NULL;
    block->previous = a->last;
    block->size = size;
    return a->last = block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - ALIGNMENT) return NULL;
    bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct arena_block *block = arena->last;
    if (!block || bytes > block->size - block->used) block = grow(arena, bytes);
    if (!block) return NULL;
    void *p = block->data + block->used;
    block->used += bytes;
    return p;
}

char *arena_copy(struct arena *arena, const char *text, size_t length) {
    if (length == SIZE_MAX) return NULL;
    char *copy = arena_alloc(arena, length + 1, 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

void arena_finish(struct arena *arena) {
    while (arena->last) {
        struct arena_block *previous = arena->last->previous;
        free(arena->last);
        arena->last = previous;
    }
}

bool arena_own(struct arena *arena, const char **text) {
    return !*text || (*text = arena_copy(arena, *text, strlen(*text)));
}
