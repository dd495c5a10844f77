/* SPDX-License-Identifier: Apache-2.0
 * Names of files that stand in a file. */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include "base/arena.h"

/* `name` beside the file `beside`, unless it is absolute; in the arena. NULL: out of memory, said. */
const char *path_beside(struct arena *arena, const char *beside, const char *name);

#endif
