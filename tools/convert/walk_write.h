/* SPDX-License-Identifier: Apache-2.0
 * Inside of the walk: tensors into the blob. */
#ifndef CONVERT_WALK_WRITE_H
#define CONVERT_WALK_WRITE_H

#include "convert/walk.h"

/* Room for the matrix' rounded numbers and scales. Errors: MEMORY. */
int walk_make_room(const struct walk *walk, struct arena *arena, struct reference_matrix *matrix);
/* Rounds rows of a matrix, and writes them as NAME.weight with their scales, and their biases. Errors: FILE, MEMORY. */
int walk_write_matrix(const struct walk *walk, const char *name, struct reference_matrix *matrix, uint32_t row,
                      uint32_t rows);
int walk_write_norm(const struct walk *walk, const char *name, float *const norm[2]);

#endif
