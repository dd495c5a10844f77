/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEXT_UNESCAPE_H
#define TEXT_UNESCAPE_H

#include <stddef.h>

/* Python's html.unescape, once: the rules of HTML 5 (13.2.5.72 ff.), except that numbers for
 * control characters and non-characters give nothing. out: room for length * 6 / 5; gives the
 * bytes written. Well-formed UTF-8 stays so. */
size_t unescape_text(const char *text, size_t length, char *out);

#endif
