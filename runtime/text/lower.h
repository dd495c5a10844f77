/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEXT_LOWER_H
#define TEXT_LOWER_H

#include <stddef.h>

/* Python's str.lower on well-formed UTF-8. out: room for length * 3 / 2; gives the bytes written. */
size_t lower_text(const char *text, size_t length, char *out);

#endif
