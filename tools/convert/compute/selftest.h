/* SPDX-License-Identifier: Apache-2.0
 * The vectors by which a board later judges itself: the first of the inputs, embedded in float. */
#ifndef CONVERT_SELFTEST_H
#define CONVERT_SELFTEST_H

#include "convert/walk.h"

/* Names the tensors selftest.*. Texts are only there where the blob has a text tower. */
void selftest_declare(struct gguf_write *writer, const struct config *config);
/* The keys; min_cosine: the lowest that a device may reach. */
void selftest_keys(struct gguf_write *writer, const struct config *config, const struct inputs *inputs,
                   float min_cosine);
/* What `min_cosine` is to be, by what int8 cost. */
float selftest_min_cosine(const struct config *config, const struct walk_tower *images, const struct walk_tower *texts);
/* Writes the tensors. Errors: FILE, MEMORY. */
int selftest_write(struct gguf_write *writer, const struct config *config, const struct inputs *inputs,
                   const struct walk_tower *images, const struct walk_tower *texts);

#endif
