/* SPDX-License-Identifier: Apache-2.0
 * tags.ini: names, prompts and templates of tags. docs/cli.md tells the format. */
#ifndef TAG_TAGS_FILE_H
#define TAG_TAGS_FILE_H

#include "tag/prompts.h"

/* Bytes of a line, as inih comes with room for 200 with its line end; tags of a file. */
enum { TAGS_FILE_LINE = 197, TAGS_FILE_TAGS = 4096 };

struct tags_file_tag {
    const char *name;
    size_t line;                   /* of its section */
    struct prompts_list prompts;   /* at least one: the name, when the file gives none */
    struct prompts_list templates; /* its own; may be empty */
};

struct tags_file {
    struct arena arena;            /* everything below lies in it */
    struct prompts_list templates; /* for all tags; may be empty */
    struct tags_file_tag *tags;    /* (count), at least one */
    size_t count;
};

/* Errors: FILE (missing, or anything that is not the format, with its line), LIMIT (too many tags),
 * MEMORY; *file is then empty. Free with tags_file_finish(). */
int tags_file_read(struct tags_file *file, const char *path);
/* The same from bytes; `name` is for messages. */
int tags_file_parse(struct tags_file *file, const void *bytes, size_t size, const char *name);
void tags_file_finish(struct tags_file *file);

#endif
