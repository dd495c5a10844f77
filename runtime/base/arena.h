/* SPDX-License-Identifier: Apache-2.0
 * Many small things that die together: names, tables, parsed headers. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

/* A zeroed struct is an empty arena. */
struct arena {
    struct arena_block *last;
};

/* `count * size` zeroed bytes aligned to 16, or NULL (also on overflow). Freed by arena_finish(). */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/* A terminated copy of `length` bytes, or NULL. */
char *arena_copy(struct arena *arena, const char *text, size_t length);
/* Puts a copy in the place of *text; NULL stays. false: no memory, and it is NULL. */
bool arena_own(struct arena *arena, const char **text);

/* Frees all of it; the arena is empty and usable again. */
void arena_finish(struct arena *arena);

#endif
