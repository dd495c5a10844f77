/* SPDX-License-Identifier: Apache-2.0
 * Vectors of pictures, classes and texts, by an open model. */
#ifndef EVAL_VECTORS_H
#define EVAL_VECTORS_H

#include "ocelli/common/progress.h"
#include "ocelli/eval/eval_input.h"
#include "prep/decode.h"

#include <ocelli.h>

/* How pictures are read and shown to be read. */
struct eval_reading {
    struct decode_rule rule;
    struct progress *progress; /* NULL: none */
};

/* *vectors: (pictures, n), free(). A picture that cannot be read was said and is `unread` in the input. Errors: of
 * ocelli_embed_images(), MEMORY; *vectors may be there then too. */
int eval_embed_pictures(struct ocelli *handle, struct eval_input *input, const struct eval_reading *reading, size_t n,
                        float **vectors);
/* vectors: (count, n). Errors: of ocelli_embed_texts(). */
int eval_embed_texts(struct ocelli *handle, const char *const *texts, size_t count, size_t n, float *vectors);
/* One class: the mean of its prompts' unit vectors, made unit length, as CLIP_benchmark does. vector: (n). Errors: of
 * ocelli_embed_texts(), prompts_average(). */
int eval_embed_class(struct ocelli *handle, const struct ocelli_tag *tag, size_t n, float *vector);

#endif
