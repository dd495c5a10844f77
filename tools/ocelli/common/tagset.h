/* SPDX-License-Identifier: Apache-2.0
 * The tags of a command line: from -t, from files, through templates. */
#ifndef TAGSET_H
#define TAGSET_H

#include "tag/prompts.h"
#include "tag/tags_file.h"

#include <ocelli.h>
#include <stdbool.h>

/* Files of tags that were read, for several sets with other templates. A zeroed struct is empty. */
struct tagset_files {
    struct arena arena;
    struct tags_file *files; /* (count) */
    size_t count;
};

/* A file may be the daemon's, of which the tags count. Finish it after a fault too. Errors: of tags_file_read(). */
int tagset_files_read(struct tagset_files *files, const struct prompts_list *paths);
void tagset_files_finish(struct tagset_files *files);

/* What the command line gave. A zeroed struct is empty. */
struct tagset_source {
    struct prompts_list texts;       /* -t: each its own prompt */
    struct prompts_list files;       /* -T */
    const char *own;                 /* without both: a model's own tags, a tags.ini; NULL: none */
    struct prompts_list templates;   /* --template: for -t, and for tags of files without their own */
    const struct tagset_files *read; /* `files`, read already; NULL: they are not */
    const char *noun;                /* of a tag in messages; NULL: "tag" */
};

/* The texts and tags that a tag is told apart from. */
struct tagset_rivals {
    const char *name;            /* the tag's, composed: by this one it is the same as another */
    const char *group;           /* the others of it are rivals; NULL: none */
    struct prompts_list against; /* may be empty */
};

struct tagset {
    struct arena arena;
    struct ocelli_tag *tags;      /* (count); names and prompts in the arena */
    struct tagset_rivals *rivals; /* (count) */
    size_t count;
    bool from_files; /* some of them */
    const char *noun;
};

/* -t first, then the files, in order; a file may be the daemon's, of which the tags count. A zeroed or failed set may
 * be finished too. Errors: USAGE (a name twice, an empty one, a bad template), and those of tags_file_read(). */
int tagset_init(struct tagset *set, const struct tagset_source *source);
void tagset_finish(struct tagset *set);

#endif
