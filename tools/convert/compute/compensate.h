/* SPDX-License-Identifier: Apache-2.0
 * Weights that make up for each other's rounding (GPTQ, Frantar et al. 2022). A product's weights are rounded column
 * after column, those that meet the largest inputs first. What that has changed in the results of some inputs, the next
 * column takes back as far as it goes together with what all later ones could do:
 *
 *     c_j = w_j + x_j . M_j e,  M_j = (sum of x_l x_l^T for l >= j, + damping)^-1,  e = sum of x_l (w_l - q_l) for l <
 * j
 *
 * x_j is what column j of N inputs was, (N). GPTQ has the inverse of (K, K) moments in the place of M: the same
 * numbers, but K is larger than N. */
#ifndef CONVERT_COMPENSATE_H
#define CONVERT_COMPENSATE_H

#include "convert/compute/calibrate.h"
#include "base/arena.h"

/* What inputs tell, for all rows of the weights. */
struct compensate {
    uint32_t columns, count; /* inputs, with zeros up to a whole number of vectors */
    uint32_t *order;         /* (columns) */
    float *inputs, *gains;   /* (columns, count), in this order: x_j, M_j x_j */
};

/* A product's inputs, divided by factors (NULL: not so), less their means (NULL: not so). */
struct compensate_inputs {
    const struct calibrate_sample *sample;
    const float *factors, *means, *energies; /* (columns); the latter two as calibrate_inputs() has them */
};

/* Makes one of each of the inputs; each on a thread. Errors: MEMORY. */
int compensate_init(struct pool *pool, struct arena *arena, const struct compensate_inputs *inputs, size_t count,
                    struct compensate *out);

/* Rows are rounded together: at most COMPENSATE_ROWS. w: a pointer a row, (columns); scales: a row's, or 0. room:
 * compensate_room() floats, aligned to 64 bytes. */
enum { COMPENSATE_ROWS = 16 };
size_t compensate_room(const struct compensate *c);
void compensate_rows(const struct compensate *c, const float *const *w, const float *scales, uint32_t rows,
                     int8_t *rounded, float *room);

#endif
