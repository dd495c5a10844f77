/* SPDX-License-Identifier: Apache-2.0
 * The licence of a checkpoint, so that it travels with the blob. */
#ifndef CONVERT_LICENSE_H
#define CONVERT_LICENSE_H

#include "convert/report/report.h"

struct license {
    const char *name; /* of the front matter of README.md, else "unknown" */
    const char *text; /* of the licence file, else "" */
};

/* `path` (NULL: LICENSE, LICENSE.txt or LICENSE.md in the folder) is the licence file. Strings are in the arena.
 * Errors: FILE, MEMORY. */
int license_read(struct license *license, struct arena *arena, const char *folder, const char *path,
                 struct sources *sources, struct report *report);

#endif
