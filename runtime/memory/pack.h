/* SPDX-License-Identifier: Apache-2.0
 * Unit vectors as small integers, and their dot products. A vector is scale * integers, the scale its own: with one for
 * all, the 8 bits of a vector of 512 numbers, most of them near 0.04, would be 3. */
#ifndef MEMORY_PACK_H
#define MEMORY_PACK_H

#include <stddef.h>
#include <stdint.h>

/* Numbers of a vector: so many products of pack_dot() fit its sum. */
enum { PACK_MOST = 8192 };

/* packed (n): -127..127. Gives the scale; 0: not a vector (all 0, or not finite). */
float pack_picture(const float *unit, size_t count, int8_t *packed);
/* The vector again, of unit length. unit (n). */
void pack_restore(const int8_t *packed, size_t count, float *unit);
/* The same with 12 bits, for what is compared with many. packed (n): -2047..2047. */
float pack_text(const float *unit, size_t count, int16_t *packed);

/* Times both scales it is the cosine. Integers: the same on every machine. */
int32_t pack_dot(const int8_t *picture, const int16_t *text, size_t count);

#endif
