/* SPDX-License-Identifier: Apache-2.0
 * Inside of the walk: tensors into the blob. */
#ifndef CONVERT_WALK_WRITE_H
#define CONVERT_WALK_WRITE_H

#include "convert/walk.h"

/* Room for the matrix' rounded numbers, scales and biases. Errors: MEMORY. */
int walk_make_room(const struct walk *walk, struct arena *arena, struct reference_matrix *matrix);
/* What rounding lost of a matrix' parts: q, k and v, or the whole one. */
enum { WALK_PARTS_MOST = 3 };
struct walk_lost {
    uint32_t parts;
    struct report_error errors[WALK_PARTS_MOST];
};
/* Rounds it, in so many equal parts. Errors: MEMORY. */
int walk_round_matrix(const struct walk *walk, struct reference_matrix *matrix, uint32_t parts, struct walk_lost *lost);
/* One of them anew. */
int walk_round_part(const struct walk *walk, struct reference_matrix *matrix, uint32_t part, struct walk_lost *lost);
/* The same for kernels over pixels (quantize_kernels()). */
int walk_round_kernels(const struct walk *walk, struct reference_matrix *matrix, uint32_t side, struct walk_lost *lost);
/* Writes part `part` of a rounded matrix as NAME.weight with the scales, and its biases. Errors: FILE. */
int walk_write_matrix(const struct walk *walk, const char *name, const struct reference_matrix *matrix,
                      const struct walk_lost *lost, uint32_t part);
int walk_write_norm(const struct walk *walk, const char *name, float *const norm[2]);

#endif
