/* SPDX-License-Identifier: Apache-2.0
 * A picture that tells that there is something, and not what. */
#ifndef PREP_BLUR_H
#define PREP_BLUR_H

#include <stdint.h>

/* Pixels of the longer side that remain of a blurred picture: what was between them is gone, and cannot be computed
 * back. */
enum { BLUR_SIDE = 8 };

/* rgb (height, width, 3), in place: the means of equal blocks, drawn large again without their edges. */
void blur_rgb(uint8_t *rgb, uint32_t width, uint32_t height);

#endif
