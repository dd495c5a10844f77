/* SPDX-License-Identifier: Apache-2.0
 * The tags of a command line: from -t, from files, through templates. */
#ifndef TAGSET_H
#define TAGSET_H

#include "tag/prompts.h"

#include <ocelli.h>

/* What the command line gave. A zeroed struct is empty. */
struct tagset_source {
    struct prompts_list texts;     /* -t: each its own prompt */
    struct prompts_list files;     /* -T */
    struct prompts_list templates; /* --template: for -t, and for tags of files without their own */
};

struct tagset {
    struct arena arena;
    struct ocelli_tag *tags; /* (count); names and prompts in the arena */
    size_t count;
};

/* -t first, then the files, in order. A zeroed or failed set may be finished too.
 * Errors: USAGE (a name twice, an empty one, a bad template), and those of tags_file_read(). */
int tagset_init(struct tagset *set, const struct tagset_source *source);
void tagset_finish(struct tagset *set);

#endif
