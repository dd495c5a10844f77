/* SPDX-License-Identifier: Apache-2.0
 * The vectors of a set of tags, made a few at a time between frames; what an older set had is taken over. */
#ifndef LIVE_VECTORS_H
#define LIVE_VECTORS_H

#include "tag/tagger.h"
#include "tag/tags_file.h"

#include <ocelli.h>
#include <stdbool.h>

struct vectors;

/* Takes the tags: *tags is empty then, on error too. `path`: of the file, for messages and to find example pictures beside it; of a
 * folder the pictures in it are examples. ignore_orientation: take them as they are stored, whatever their EXIF says.
 * Free with vectors_destroy(). Errors: FILE (an example picture that is not there), LIMIT (a folder of too many), MEMORY. */
int vectors_create(struct vectors **out, struct tags_file *tags, const char *path, bool ignore_orientation);
/* What vectors_create() and vectors_step() would refuse of the tags' example pictures, each logged with its line: all of them are
 * decoded. *tags stays the caller's. Errors: those of vectors_create(), unless `faults` takes them. */
int vectors_check(struct tags_file *tags, const char *path, bool ignore_orientation, struct faults *faults);
/* Frees and sets *v to NULL. Accepts NULL and a pointer to NULL. */
void vectors_destroy(struct vectors **v);

/* Takes over the vectors of the same texts and pictures; `from` may be NULL. size: D. Errors: MEMORY. */
int vectors_begin(struct vectors *v, const struct vectors *from, size_t size);

/* Embeds the next texts, or the next picture; one that is still being written is waited for a while, in short steps. *done: nothing is left. Errors: of ocelli_embed_texts(), ocelli_image_load()
 * and ocelli_embed_images(); calling again goes on. */
int vectors_step(struct vectors *v, struct ocelli *model, bool *done);

/* The complete set, which lives as long as *v. A tag is the mean of its prompts and the mean of its examples, each made unit
 * length, averaged: either alone when it has only these. logit_scale and model are left to the caller.
 * Errors: FILE (vectors that cancel out, with the tag's line), MEMORY. */
int vectors_set(struct vectors *v, struct tagger_set *set);

#endif
