/* SPDX-License-Identifier: Apache-2.0
 * A frame as JPEG, for requests of the last frame. */
#ifndef PREP_ENCODE_JPEG_H
#define PREP_ENCODE_JPEG_H

#include "base/frame.h"

enum { JPEG_SIDE = 960, JPEG_SMALL = 240 }; /* pixels of the longer side at most: every second, third, ... is taken */

/* Upright, with `side` pixels in place of JPEG_SIDE. false: no memory. free(*jpeg). */
bool encode_jpeg_small(const struct frame *frame, uint32_t side, uint8_t **jpeg, size_t *size);
/* The same with JPEG_SIDE. */
bool encode_jpeg_frame(const struct frame *frame, uint8_t **jpeg, size_t *size);
/* The same through blur_rgb(). */
bool encode_jpeg_blurred(const struct frame *frame, uint8_t **jpeg, size_t *size);

#endif
