/* SPDX-License-Identifier: Apache-2.0
 * The pictures of a folder, one after another in the order of their names (bytes), folders below among them. It holds
 * only the names of each folder on the way, so a tree of any size can be walked. Hidden names are passed over. Links
 * are followed; a folder that was reached already is not walked again, so links in a circle end. */
#ifndef SOURCE_PICTURE_WALK_H
#define SOURCE_PICTURE_WALK_H

#include <stdbool.h>
#include <stddef.h>

struct picture_walk;

enum { PICTURE_WALK_END = 1 };

/* `below`: the folders in it too. On error *out is NULL. Errors: FILE (it cannot be read), MEMORY. */
int picture_walk_open(struct picture_walk **out, const char *folder, bool below);

/* The next picture: a regular file whose name ends as source_picture_name() knows, or a link to one, or one that leads
 * nowhere. *path lives until the next call. OCELLI_OK or PICTURE_WALK_END. A folder below that cannot be read is
 * logged, counted and passed over. Errors: MEMORY. */
int picture_walk_next(struct picture_walk *walk, const char **path);

/* Folders below that could not be read so far. */
size_t picture_walk_unread(const struct picture_walk *walk);

/* Frees and sets *walk to NULL. Accepts NULL and a pointer to NULL. */
void picture_walk_close(struct picture_walk **walk);

/* How many a walk will find. Says nothing of what cannot be read. */
size_t picture_walk_count(const char *folder, bool below);

#endif
