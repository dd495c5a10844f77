/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/svg_text.h"
#include "base/control.h"
#include "text/unicode.h"

#include <stdbool.h>
#include <string.h>

/* U+FFFE and U+FFFF are UTF-8, and no characters of XML. */
static bool is_no_character(const char *text, size_t length) {
    return length == 3 && !memcmp(text, "\xEF\xBF", 2) && (unsigned char)text[2] >= 0xBE;
}

static void put_letter(FILE *to, const char *text, size_t length) {
    static const struct {
        char letter;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
    for (size_t i = 0; length == 1 && i < sizeof entities / sizeof *entities; i++)
        if (*text == entities[i].letter) {
            fputs(entities[i].entity, to);
            return;
        }
    fwrite(text, 1, length, to);
}

void svg_text(FILE *to, const char *text, int letters) {
    for (size_t left = strlen(text), length; left; text += length, left -= length) {
        size_t good = unicode_check(text, left < 4 ? left : 4), at = 0;
        if (letters-- == 0) {
            fputs("\xE2\x80\xA6", to);
            return;
        }
        length = control_shown(text, left);
        if (length) {
            putc('?', to);
        } else if (!good) {
            length = 1;
            fputs("\xEF\xBF\xBD", to);
        } else {
            unicode_next(text, good, &at);
            length = at;
            put_letter(to, is_no_character(text, length) ? "?" : text, is_no_character(text, length) ? 1 : length);
        }
    }
}
