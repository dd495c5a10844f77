/* SPDX-License-Identifier: Apache-2.0
 * What is looked for, as one vector: texts and pictures that are wanted, less those that are not. */
#ifndef MEMORY_QUERY_H
#define MEMORY_QUERY_H

#include <stddef.h>

/* Adds `weight` times a vector of unit length to the sum: 1: wanted, -1: not wanted. sum, vector: (size). */
void query_add(float *sum, const float *vector, size_t size, float weight);
/* Makes it unit length. Errors: USAGE, said: nothing is left of it, as what is wanted is what is not wanted. */
int query_finish(float *sum, size_t size);

#endif
