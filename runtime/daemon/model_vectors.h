/* SPDX-License-Identifier: Apache-2.0
 * The vectors of tags (tag/vectors.h) as the daemon makes them: by its model, with pictures read as `files:` reads
 * them. */
#ifndef DAEMON_MODEL_VECTORS_H
#define DAEMON_MODEL_VECTORS_H

#include "tag/vectors.h"

#include <ocelli.h>

/* vectors_create(), vectors_check() and vectors_step() with the daemon's functions. Errors: theirs; of a step also
 * those of ocelli_embed_texts(), source_picture() and ocelli_embed_images(). */
int model_vectors_create(struct vectors **out, struct tags_file *tags, const char *path, bool ignore_orientation);
int model_vectors_check(struct tags_file *tags, const char *path, bool ignore_orientation, struct faults *faults);
int model_vectors_step(struct vectors *vectors, struct ocelli *model, bool *done);

#endif
