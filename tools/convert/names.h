/* SPDX-License-Identifier: Apache-2.0
 * Which tensor of a layout is which of the blob. A new layout is a table here. */
#ifndef CONVERT_NAMES_H
#define CONVERT_NAMES_H

#include "convert/config.h"

enum name_part { PART_WHOLE, PART_TRANSPOSED, PART_FIRST, PART_SECOND, PART_THIRD /* thirds of the rows: q, k, v */ };

struct name_row {
    const char *blob, *source;
    enum name_part part;
};

struct name_table {
    const struct name_row *rows; /* ends with a NULL name */
    const struct name_row *block_rows; /* of one block, behind the prefixes */
    const char *image_block, *text_block; /* prefix with %u in it */
    const char *logit_scale;
};

const struct name_table *name_table(enum layout layout);

/* Without what wrappers put in front: "module.", "_image_encoder.", ... */
const char *name_plain(const char *name);

/* Buffers and training leftovers that carry nothing. */
bool name_is_useless(const char *name);

#endif
