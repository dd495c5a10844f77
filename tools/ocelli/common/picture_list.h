/* SPDX-License-Identifier: Apache-2.0
 * The pictures that operands name: files as they are named, and of folders what lies in them, one after another. */
#ifndef PICTURE_LIST_H
#define PICTURE_LIST_H

#include "source/picture_walk.h"

#include <stdbool.h>
#include <stddef.h>

enum { PICTURE_LIST_END = 1 };

/* Begin with {.operands = ..., .count = ..., .below = ...}; end with picture_list_finish(). */
struct picture_list {
    const char *const *operands; /* (count), the caller's */
    size_t count;
    bool below; /* of folders those in them too (-r) */
    /* the list's own */
    size_t next;
    struct picture_walk *walk; /* of the folder operands[next - 1]; NULL: none */
    size_t of_folder;          /* pictures that it gave so far */
    bool any_folder;           /* an operand was one */
    size_t unread;             /* folders that could not be read, or have no picture; told */
};

/* The next name; *name lives until the next call. "-" stays what it is. OCELLI_OK or PICTURE_LIST_END. A folder without
 * pictures, or that cannot be read, is logged and counted. Errors: MEMORY. */
int picture_list_next(struct picture_list *list, const char **name);
void picture_list_finish(struct picture_list *list);

/* How many there are, in a walk of its own that says nothing. */
size_t picture_list_count(const struct picture_list *list);
/* Is one of the operands a folder? */
bool picture_list_has_folder(const struct picture_list *list);

#endif
