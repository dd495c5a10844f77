/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVG_TEXT_H
#define SVG_TEXT_H

#include <stdio.h>

/* At most so many letters of a text, then "...", for SVG and HTML. No control character gets into the file, nor what
 * turns the order of letters. */
void svg_text(FILE *to, const char *text, int letters);

#endif
