/* SPDX-License-Identifier: Apache-2.0
 * Which number a name has: a table that finds one among many without looking at all of them. */
#ifndef BASE_LOOKUP_H
#define BASE_LOOKUP_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct lookup_slot;

/* Zero is empty. It lies in an arena, and ends with that. */
struct lookup {
    struct lookup_slot *slots; /* (capacity): a power of two, at least twice the names */
    size_t capacity;
};

/* Room for so many names. false: no memory. */
bool lookup_init(struct lookup *lookup, struct arena *arena, size_t most);

/* Takes all names out. */
void lookup_clear(struct lookup *lookup);

/* *number (may be NULL) gets the name's; false: it is not there. */
bool lookup_find(const struct lookup *lookup, const char *name, size_t *number);

/* Adds a name that is not there yet. No more may be added than the table has capacity for. The text is the caller's,
 * and stays. */
void lookup_add(struct lookup *lookup, const char *name, size_t number);

#endif
