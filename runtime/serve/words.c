/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/words.h"
#include "base/control.h"
#include "serve/out.h"

static bool blank(char c) {
    return c == ' ' || c == '\t';
}

enum serve_code serve_words_check(const char *text, size_t size) {
    for (size_t i = 0, length; i < size; i += length) {
        length = serve_utf8(text + i, size - i);
        if (!length || (control_bytes(text + i, length) && text[i] != '\t')) return SERVE_UTF8;
    }
    return SERVE_OK;
}

void serve_words_join(char *to, size_t room, const char *name) {
    size_t i = 0;
    for (; name[i] && i + 1 < room; i++) to[i] = (unsigned char)name[i] <= ' ' || name[i] == 0x7f ? '_' : name[i];
    to[i] = 0;
}

/* The word in quotes at line[at], whose first quote is behind us; the end is where the last one was. */
static bool quoted_word(struct serve_words *w, const char *line, size_t size, size_t *at, size_t *used) {
    for (size_t i = *at; i < size; i++) {
        if (line[i] == '"') {
            *at = i + 1;
            return i + 1 == size || blank(line[i + 1]);
        }
        if (line[i] == '\\' && i + 1 < size && (line[i + 1] == '"' || line[i + 1] == '\\')) i++;
        w->text[(*used)++] = line[i];
    }
    return false;
}

enum serve_code serve_words_split(struct serve_words *w, const char *line, size_t size) {
    size_t used = 0, at = 0;
    w->count = 0;
    if (size > SERVE_LINE) return SERVE_LONG;
    if (serve_words_check(line, size)) return SERVE_UTF8;
    for (;;) {
        while (at < size && blank(line[at])) at++;
        if (at == size) return SERVE_OK;
        if (w->count == SERVE_LINE_WORDS) return SERVE_LONG;
        w->word[w->count] = w->text + used;
        if (line[at] == '"') {
            at++;
            if (!quoted_word(w, line, size, &at, &used)) return SERVE_USAGE;
        } else
            while (at < size && !blank(line[at])) w->text[used++] = line[at++];
        w->text[used++] = 0;
        w->count++;
    }
}
