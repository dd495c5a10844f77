/* SPDX-License-Identifier: Apache-2.0
 * Vectors drawn on a plane: the two directions in which they differ most (principal component analysis). */
#ifndef EVAL_PLANE_H
#define EVAL_PLANE_H

#include <stddef.h>

struct eval_plane {
    double share[2]; /* of the variance that each axis shows */
    double gap;      /* distance of the pictures' mean from the texts' mean: CLIP's modality gap */
};

/* xy: (pictures + texts, 2). vectors: (pictures + texts, n), pictures first. The mean of the pictures is taken off the
 * pictures and that of the texts off the texts: otherwise the first axis would only tell pictures from texts.
 * Errors: MEMORY. */
int eval_plane(struct eval_plane *plane, const float *vectors, size_t pictures, size_t texts, size_t n, double *xy);

#endif
