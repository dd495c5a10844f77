/* SPDX-License-Identifier: Apache-2.0
 * A picture and its tags as one SVG file that needs nothing else: to be put into a page or sent. */
#ifndef TAG_SVG_H
#define TAG_SVG_H

#include "ocelli/tag/tag_show.h"

#include <ocelli.h>

enum { TAG_SVG_SIDE = 640, TAG_SVG_ROWS = 12 };

/* Writes the file `path`, whole or not at all; "-" is standard output. The picture is shrunk to TAG_SVG_SIDE pixels,
 * and of the rows the first TAG_SVG_ROWS are drawn. Errors: FILE, MEMORY. */
int tag_svg_write(const char *path, const struct tag_result *result, const struct ocelli_image *picture);

#endif
