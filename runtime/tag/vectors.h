/* SPDX-License-Identifier: Apache-2.0
 * The vectors of a set of tags, made a few at a time between frames; what an older set had is taken over. The model and
 * the reader of pictures are the caller's: two functions. */
#ifndef TAG_VECTORS_H
#define TAG_VECTORS_H

#include "tag/tagger.h"
#include "tag/tags_file.h"

#include <stdbool.h>

struct vectors;

/* How example pictures are found and read. */
struct vectors_options {
    bool (*is_picture)(const char *name); /* which files of a folder count */
    /* Decodes a file, and logs why it cannot. *cut gets true, and nothing is logged, where the file may only not be
     * whole yet. cut is NULL: that is a fault too. */
    int (*read)(struct ocelli_image *image, const char *path, bool ignore_orientation, bool *cut);
    void (*release)(struct ocelli_image *image);
    bool ignore_orientation; /* take pictures as they are stored, whatever their EXIF says */
};

/* The model: texts and pictures to unit vectors, out: (count, D). Both functions log their faults. */
struct vectors_model {
    int (*texts)(void *user, const char *const *texts, size_t count, float *out);
    int (*pictures)(void *user, const struct ocelli_image *images, size_t count, float *out);
    void *user;
};

/* Takes the tags: *tags is empty then, on error too. `path`: of the file, for messages and to find example pictures
 * beside it; of a folder the pictures in it are examples. Free with vectors_destroy(). Errors: FILE (an example picture
 * that is not there), LIMIT (a folder of too many), MEMORY. */
int vectors_create(struct vectors **out, struct tags_file *tags, const char *path,
                   const struct vectors_options *options);
/* What vectors_create() and vectors_step() would refuse of the tags' example pictures, each logged with its line: all
 * of them are decoded. *tags stays the caller's. Errors: those of vectors_create(), unless `faults` takes them. */
int vectors_check(struct tags_file *tags, const char *path, const struct vectors_options *options,
                  struct faults *faults);
/* Frees and sets *vectors to NULL. Accepts NULL and a pointer to NULL. */
void vectors_destroy(struct vectors **vectors);

/* Takes over the vectors of the same texts and pictures; `from` may be NULL. size: D. Errors: MEMORY. */
int vectors_begin(struct vectors *vectors, const struct vectors *from, size_t size);

/* Takes the everyday things' vectors, of this model (ocelli_info.model_key) and these templates, from the cache folder
 * if an earlier start left them there. After vectors_begin(); nothing is logged. */
void vectors_recall(struct vectors *vectors, const char *model_key);
/* Leaves them there, unless they came from there. After vectors_step() came to its end; it writes to the disk. */
void vectors_remember(const struct vectors *vectors, const char *model_key);

/* Embeds the next texts, or the next picture; for one that is still being written it waits a while, in short steps.
 * *done: nothing is left. Errors: those of read() and of the model's functions; calling again goes on. */
int vectors_step(struct vectors *vectors, const struct vectors_model *model, bool *done);

/* The complete set, which lives as long as *vectors. A tag is the mean of its prompts and the mean of its examples,
 * each made unit length, averaged: either alone when it has only these. logit_scale and model are left to the caller.
 * Errors: FILE (vectors that cancel out, with the tag's line), MEMORY. */
int vectors_set(struct vectors *vectors, struct tagger_set *set);

#endif
