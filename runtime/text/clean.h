/* SPDX-License-Identifier: Apache-2.0
 * What CLIP does to a text before splitting it: html.unescape twice, white space collapsed and
 * stripped, lower case (as Python's str.lower). */
#ifndef TEXT_CLEAN_H
#define TEXT_CLEAN_H

#include <stddef.h>

/* *out: terminated UTF-8 of *out_length bytes, to be freed with free(). Errors: USAGE (not UTF-8), MEMORY. */
int clean_text(const char *text, size_t length, char **out, size_t *out_length);

#endif
