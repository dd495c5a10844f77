/* SPDX-License-Identifier: Apache-2.0
 * Which files of a folder are the checkpoint. */
#ifndef CONVERT_LOCATE_H
#define CONVERT_LOCATE_H

#include "convert/report/report.h"

struct locate {
    const char *folder;      /* of all files */
    const char *weights;     /* a file of weights, or the index of several */
    const char *config;      /* NULL: none, which a file alone may do without */
    bool sharded, open_clip; /* open_clip: the form of the config */
    bool alone;              /* `path` was a file: its config may be another model's */
};

/* `path` is a folder, a file of weights, or the index of several. Strings are in the arena. Errors: FILE, LIMIT,
 * MEMORY. */
int locate_checkpoint(struct locate *locate, struct arena *arena, const char *path, struct report *report);

#endif
