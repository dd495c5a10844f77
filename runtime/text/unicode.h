/* SPDX-License-Identifier: Apache-2.0
 * Code points and their classes, by utf8proc's tables. */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* First byte that is not part of well-formed UTF-8 (no surrogates, no overlong forms), or `length`. */
size_t unicode_check(const char *text, size_t length);

/* What is wrong with a text that is to be shown or stored: "is not UTF-8: ...", "has a control character: ..."; NULL:
 * nothing. */
const char *unicode_fault(const char *text);

/* The code point at text[*at], which moves on. Only for text that unicode_check() passed. */
int32_t unicode_next(const char *text, size_t length, size_t *at);

/* Writes at most 4 bytes and tells how many. */
size_t unicode_put(int32_t c, char *out);

bool unicode_letter(int32_t c); /* \p{L} */
bool unicode_number(int32_t c); /* \p{N} */
bool unicode_space(int32_t c);  /* White_Space */

/* Cased and Case_Ignorable of DerivedCoreProperties.txt, for the rule of the final sigma. */
bool unicode_cased(int32_t c);
bool unicode_case_ignorable(int32_t c);

#endif
