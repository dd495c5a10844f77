/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"
#include "base/control.h"
#include "text/unicode.h"

#include <string.h>

void plain_text(FILE *to, const char *text) {
    for (size_t left = strlen(text), length; left; text += length, left -= length) {
        length = control_bytes(text, left);
        putc(length ? '?' : *text, to);
        if (!length) length = 1;
    }
}

bool plain_utf8(const char *text) {
    size_t length = strlen(text);
    return unicode_check(text, length) == length;
}
