/* SPDX-License-Identifier: Apache-2.0
 * A small JPEG of a picture, for a contact sheet and the history. */
#ifndef PREP_THUMBNAIL_H
#define PREP_THUMBNAIL_H

#include "base/frame.h"

#include <ocelli.h>
#include <stdbool.h>

enum { THUMBNAIL_SIDE = 256 /* pixels of the longer side at most */ };

/* false: no memory. free(*jpeg). */
bool thumbnail_make(const struct ocelli_image *image, uint8_t **jpeg, size_t *size);
/* The same of a frame, upright; blurred: through blur_rgb(). */
bool thumbnail_of_frame(const struct frame *frame, bool blurred, uint8_t **jpeg, size_t *size);
/* The same of a file. Errors: as ocelli_image_load(). */
int thumbnail_of_file(const char *path, uint8_t **jpeg, size_t *size);

#endif
