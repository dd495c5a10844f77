/* SPDX-License-Identifier: Apache-2.0
 * A frame as JPEG, for requests of the last frame. */
#ifndef PREP_ENCODE_JPEG_H
#define PREP_ENCODE_JPEG_H

#include "base/frame.h"

enum { JPEG_SIDE = 960, JPEG_SMALL = 240 }; /* pixels of the longer side at most: every second, third, ... is taken */

/* Upright, with `side` pixels of the longer side at most; blurred: through blur_rgb(). false: no memory. free(*jpeg). */
bool encode_jpeg_frame(const struct frame *frame, uint32_t side, bool blurred, uint8_t **jpeg, size_t *size);

#endif
