/* SPDX-License-Identifier: Apache-2.0
 * What has to be looked at before a JPEG from outside may go to stb_image. */
#ifndef PREP_JPEG_H
#define PREP_JPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* false: a Huffman table has more than 256 symbols. stb_image 2.27 (Debian 12) writes such a table past its
 * own; 2.28 refuses it. Anything else that may be wrong is stb_image's to find: true then, also for
 * bytes that are no JPEG. */
bool jpeg_tables_fit(const void *bytes, size_t size);

enum { JPEG_TABLES = 420 }; /* bytes */

/* A picture of a camera's MJPEG may come without its Huffman tables. Those of T.81, annex K.3 are meant then, as in
 * AVI. true: `out` (size + JPEG_TABLES bytes) is the picture with them; false: it has its own, or is no JPEG. */
bool jpeg_add_tables(const void *bytes, size_t size, uint8_t *out);

#endif
