/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"
#include "text/unicode.h"

#include <string.h>

void plain_text(FILE *to, const char *text) {
    for (; *text; text++) putc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, to);
}

bool plain_utf8(const char *text) {
    size_t length = strlen(text);
    return unicode_check(text, length) == length;
}
