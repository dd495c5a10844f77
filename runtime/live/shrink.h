/* SPDX-License-Identifier: Apache-2.0
 * A frame to RGB, smaller by a whole factor on the way: a camera's 1080p has twenty times the pixels that a model sees,
 * and making RGB of them all costs a small processor more than the rest of the pipeline. */
#ifndef LIVE_SHRINK_H
#define LIVE_SHRINK_H

#include "base/frame.h"

enum { SHRINK_MOST = 32 };

/* 1, or an even factor that leaves the short side at least twice the `size` of the model: what the antialiased resize
 * behind it makes of that differs little from what it makes of the whole frame (tests/live/shrink.c). Even, so that a
 * block covers whole chroma samples. */
uint32_t shrink_factor(const struct frame *f, uint32_t size);

/* Size of the upright picture at that factor. */
uint32_t shrink_width(const struct frame *f, uint32_t factor);
uint32_t shrink_height(const struct frame *f, uint32_t factor);

/* rgb: (shrink_height, shrink_width, 3). A pixel is the mean Y, U, V (or R, G, B) of a factor by factor block, rounded,
 * and then converted as frame_to_rgb() does, which at factor 1 it is. What is over at the edges is cut evenly. */
void shrink_to_rgb(const struct frame *f, uint32_t factor, uint8_t *rgb);

#endif
