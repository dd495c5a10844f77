/* SPDX-License-Identifier: Apache-2.0
 * RGB to PNG by libpng, where the build has it. */
#ifndef ENCODE_PNG_H
#define ENCODE_PNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Was this built with libpng? */
bool encode_png_possible(void);
/* rgb: (height, width, 3). false: no memory, or no libpng. free(*png). */
bool encode_png(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **png, size_t *size);

#endif
