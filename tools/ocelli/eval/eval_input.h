/* SPDX-License-Identifier: Apache-2.0
 * The pictures of an evaluation, with their classes or captions. */
#ifndef EVAL_INPUT_H
#define EVAL_INPUT_H

#include "base/arena.h"
#include "base/lookup.h"
#include "ocelli/eval/eval_table.h"
#include "ocelli/common/tagset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVAL_NO_CLASS SIZE_MAX

/* A zeroed struct is empty. */
struct eval_input {
    struct arena arena; /* names, classes and texts lie in it */
    const char **paths; /* (count) */
    size_t *labels;     /* (count): class of each; all 0 for pairs */
    size_t *groups;     /* (count): group of each; all 0 if there are none */
    bool *unread;       /* (count) */
    size_t count, capacity;
    size_t asked, lost;   /* pictures that were to be read; those that could not be */
    size_t lost_folders;  /* told */
    const char **classes; /* (class_count), composed; none for pairs */
    size_t class_count;
    const char **group_names; /* (group_count), in the order in which they come */
    size_t group_count;
    bool lenient; /* set before: a table may have no labels, and a label that is no known class is EVAL_NO_CLASS */
    const char **texts; /* (text_count): captions; none for classes */
    size_t *of;         /* (text_count): the picture of each */
    size_t text_count;
    size_t skipped; /* what `dir` begins with in paths: not shown */
};

/* A table of pictures, relative to `dir`, and their classes. With `known` classes (NULL: none) a label is one of them,
 * else the classes are the labels in the order in which they come. Errors: FILE, MEMORY. */
int eval_input_labels(struct eval_input *input, const char *dir, const char *path, const struct tagset *known);
/* Each folder in `dir` is a class of its name, with blanks for underscores; with `known` ones only these count. */
int eval_input_folders(struct eval_input *input, const char *dir, const struct tagset *known);
/* All pictures in `dir` and the folders in it, without classes. */
int eval_input_all(struct eval_input *input, const char *dir);
/* A table of pictures and captions; a picture may have several. */
int eval_input_pairs(struct eval_input *input, const char *dir, const char *path);
void eval_input_finish(struct eval_input *input);

/* As a person named it. */
const char *eval_input_name(const struct eval_input *input, size_t at);
/* Once all is embedded: takes out the pictures that could not be read, their texts, and their rows in each of the
 * `count` arrays of vectors (pictures, n). Errors: FILE (none is left). */
int eval_input_keep(struct eval_input *input, float *const *vectors, const size_t *n, size_t count);
/* Warns, in a line, of classes that have no picture. */
void eval_input_empty_classes(const struct eval_input *input);

#endif
