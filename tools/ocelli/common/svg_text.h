/* SPDX-License-Identifier: Apache-2.0
 * Texts of anybody in an SVG. */
#ifndef SVG_TEXT_H
#define SVG_TEXT_H

#include <stdio.h>

/* At most so many letters of a text, then an ellipsis, with XML's own characters as entities. No control character gets
 * into the file, nor what turns the order of letters; bytes that are not UTF-8 become U+FFFD. */
void svg_text(FILE *to, const char *text, int letters);

#endif
