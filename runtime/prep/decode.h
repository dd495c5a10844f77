/* SPDX-License-Identifier: Apache-2.0
 * Picture files to RGB bytes, by stb_image. */
#ifndef PREP_DECODE_H
#define PREP_DECODE_H

#include <ocelli.h>

/* As ocelli_image_load(), from memory. `name` is for messages. image->rgb: free with decode_free(). */
int decode_memory(struct ocelli_image *image, const void *bytes, size_t size, const char *name);
int decode_file(struct ocelli_image *image, const char *path);
void decode_free(struct ocelli_image *image);

#endif
