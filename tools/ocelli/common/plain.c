/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/plain.h"
#include "base/control.h"
#include "text/unicode.h"

#include <string.h>

void plain_text(FILE *to, const char *text) {
    for (size_t left = strlen(text), length; left; text += length, left -= length) {
        length = control_shown(text, left);
        putc(length ? '?' : *text, to);
        if (!length) length = 1;
    }
}

void plain_json(FILE *to, const char *json) {
    for (size_t left = strlen(json), length; left; json += length, left -= length) {
        size_t at = 0, good = unicode_check(json, left < 4 ? left : 4);
        int32_t c = good ? unicode_next(json, good, &at) : 0;
        length = at ? at : 1;
        if (control_shown(json, left))
            fprintf(to, "\\u%04x", (unsigned)c);
        else if (!at)
            fputs("\xEF\xBF\xBD", to);
        else
            fwrite(json, 1, length, to);
    }
}

bool plain_utf8(const char *text) {
    size_t length = strlen(text);
    return unicode_check(text, length) == length;
}
