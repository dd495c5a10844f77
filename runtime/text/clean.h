/* SPDX-License-Identifier: Apache-2.0
 * What CLIP does to a text before splitting it: html.unescape twice, white space collapsed and
 * stripped, lower case (as Python's str.lower). Between the two it is composed (NFC), as ftfy does, which CLIP
 * cleans texts with. */
#ifndef TEXT_CLEAN_H
#define TEXT_CLEAN_H

#include <stddef.h>

enum { CLEAN_LONGEST = 1 << 24 }; /* bytes of a text */

/* Can it be a text? Errors: USAGE (not UTF-8), LIMIT (over CLEAN_LONGEST). */
int clean_check(const char *text, size_t length);

/* *out: terminated UTF-8 of *out_length bytes, to be freed with free(); NULL on error.
 * Errors: as clean_check(), MEMORY. */
int clean_text(const char *text, size_t length, char **out, size_t *out_length);

#endif
