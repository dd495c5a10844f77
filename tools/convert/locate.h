/* SPDX-License-Identifier: Apache-2.0
 * Which files of a folder are the checkpoint. */
#ifndef CONVERT_LOCATE_H
#define CONVERT_LOCATE_H

#include "convert/report.h"

struct locate {
    const char *folder;  /* of all files */
    const char *weights; /* .safetensors, or the index of several */
    const char *config;
    bool sharded, open_clip; /* open_clip: the form of the config */
};

/* `path` is a folder or a .safetensors file. Strings are in the arena. Errors: FILE, LIMIT, MEMORY. */
int locate_checkpoint(struct locate *locate, struct arena *arena, const char *path, struct report *report);

#endif
