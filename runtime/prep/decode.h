/* SPDX-License-Identifier: Apache-2.0
 * Picture files to RGB bytes, by stb_image.
 *
 * As PIL's convert("RGB"): alpha is dropped, not blended; grey and palettes become RGB; of 16 bits the
 * high byte stays; of a GIF the first frame. EXIF orientation is ignored, because the reference
 * (transformers on Image.open) ignores it. A file cut short is refused, also a JPEG that only lacks
 * its end mark, as PIL does. Checksums inside PNG are not looked at: stb_image has no code for them. */
#ifndef PREP_DECODE_H
#define PREP_DECODE_H

#include <ocelli.h>

/* As ocelli_image_load(), from memory. `name` is for messages. image->rgb: free with decode_free(); NULL
 * on error. Errors: FILE (not a picture, broken, cut short), LIMIT, MEMORY. */
int decode_memory(struct ocelli_image *image, const void *bytes, size_t size, const char *name);
int decode_file(struct ocelli_image *image, const char *path);
/* Accepts NULL and a zeroed image. */
void decode_free(struct ocelli_image *image);

#endif
