/* SPDX-License-Identifier: Apache-2.0
 * The one thing of EXIF that changes pixels: which way up a picture was taken. */
#ifndef PREP_EXIF_H
#define PREP_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* EXIF's orientation (tag 0x0112 of its first directory), 1 to 8: 1 where there is none, or none that makes sense. 1 upright, 2
 * mirrored, 3 upside down, 4 upside down and mirrored, 5 to 8 the same lying on a side. `exif`: a TIFF header, with or without
 * "Exif\0\0". */
unsigned exif_orientation(const uint8_t *exif, size_t size);
/* The same of whole files. */
unsigned exif_of_jpeg(const uint8_t *bytes, size_t size);
unsigned exif_of_png(const uint8_t *bytes, size_t size);

#endif
