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

void *arena_alloc(struct arena *a, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - ALIGNMENT) return NULL;
    bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct arena_block *block = a->last;
    if (!block || bytes > block->size - block->used) block = grow(a, bytes);
    if (!block) return NULL;
    void *p = block->data + block->used;
    block->used += bytes;
    return p;
}

char *arena_copy(struct arena *a, const char *text, size_t length) {
    if (length == SIZE_MAX) return NULL;
    char *copy = arena_alloc(a, length + 1, 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

void arena_finish(struct arena *a) {
    while (a->last) {
        struct arena_block *previous = a->last->previous;
        free(a->last);
        a->last = previous;
    }
}
