/* SPDX-License-Identifier: Apache-2.0
 * tags.ini: names, prompts and rules of tags. docs/cli.md tells the format. */
#ifndef TAG_TAGS_FILE_H
#define TAG_TAGS_FILE_H

#include "base/ini.h"
#include "base/lookup.h"
#include "base/sha256.h"
#include "tag/prompts.h"
#include "tag/rules.h"

#include <ocelli.h>

/* Tags of a file. */
enum { TAGS_FILE_TAGS = 4096 };

/* Texts but the examples, which are names of files, are in Unicode's composed form, so that "é" is one text however an
 * editor wrote it. */
struct tags_file_tag {
    const char *name;
    size_t line;                   /* of its section */
    struct prompts_list prompts;   /* at least one: the name, when the file gives none */
    bool named_only;               /* the file gave none: with examples, these alone may be meant */
    struct prompts_list against;   /* its rivals; may be empty */
    struct prompts_list examples;  /* names of pictures, as written; may be empty */
    size_t *example_lines;         /* (examples.count) */
    struct prompts_list templates; /* its own; may be empty */
    const char *group;             /* NULL: none */
    struct rules rules;            /* its own, else the file's, else the default */
};

struct tags_file {
    struct arena arena;            /* everything below lies in it */
    struct prompts_list templates; /* for all tags; may be empty */
    struct rules rules;            /* for all tags */
    struct tags_file_tag *tags;    /* (count) */
    size_t count;
    struct lookup names; /* of the tags, by index */
};

/* Other content that the file may have. Zero: nothing, and there must be a tag. */
struct tags_file_options {
    const struct ini_table *others; /* sections that are not of tags, for who shares the file */
    bool may_be_empty;              /* no tag is no fault */
    struct faults
        *faults; /* NULL: the first fault ends it; else the file holds what was good when OCELLI_OK is given */
};

/* The sections of the daemon's file beside its tags, passed over: for readers of the tags alone. */
extern const struct ini_table tags_file_daemon_sections;

/* options: NULL is zero. Errors: FILE (missing, or anything that is not the format, with its line),
 * LIMIT (too many tags), MEMORY, what the others' functions return; *file is then empty. Free with
 * tags_file_finish(). */
int tags_file_read(struct tags_file *file, const char *path, const struct tags_file_options *options);
/* The same from bytes; `name` is for messages. */
int tags_file_parse(struct tags_file *file, const void *bytes, size_t size, const char *name,
                    const struct tags_file_options *options);
/* The same from an array: each tag has its prompts and the default rules. A line in messages is the tag's place,
 * from 1. Errors: USAGE (a name or prompt that is missing, empty or there twice), LIMIT, MEMORY. */
int tags_file_from_array(struct tags_file *file, const struct ocelli_tag *tags, size_t count, const char *name);
void tags_file_finish(struct tags_file *file);

/* The tag of that name, composed or not, or NULL. */
const struct tags_file_tag *tags_file_find(const struct tags_file *file, const char *name);

/* Leaves the tag of that name and the others of its group, which are its rivals. Without that tag: none. */
void tags_file_keep_group(struct tags_file *file, const char *name);

/* The prompts that are meant: its own, else its name, but none where it has examples alone. */
const struct prompts_list *tags_file_prompts(const struct tags_file_tag *tag);
/* The templates that count for it: its own, else the file's. */
const struct prompts_list *tags_file_templates(const struct tags_file *file, const struct tags_file_tag *tag);

/* Passes all texts but the examples to `fault`, which gives what is wrong with one, as "is not UTF-8", or NULL; `path`
 * is for messages. Errors: FILE (logged with the tag's line), unless `faults` takes it. */
int tags_file_check_texts(const struct tags_file *file, const char *path, const char *(*fault)(const char *text),
                          struct faults *faults);

/* Names what a tag's vectors are made of: changes with its prompts, templates, prompts against and names of
 * examples, and with nothing else. */
void tags_file_key(const struct tags_file *file, const struct tags_file_tag *tag, char key[SHA256_HEX_SIZE]);

/* Changes with names, prompts, groups and rules, not with comments or the order of keys, and is the same after a
 * restart; 32 bits, which any JSON reader keeps. */
uint64_t tags_file_version(const struct tags_file *file);

#endif
