/* SPDX-License-Identifier: Apache-2.0
 * RGB to JPEG: by libjpeg-turbo (jpeg_turbo.c), or by stb_image_write where that is not installed (jpeg_stb.c). */
#ifndef PREP_ENCODE_JPEG_ROWS_H
#define PREP_ENCODE_JPEG_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JPEG_QUALITY = 80 };

/* rgb: (height, width, 3), sides of 1 to 16384. false: no memory. free(*jpeg). */
bool encode_jpeg_rows(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t **jpeg, size_t *size);

#endif
