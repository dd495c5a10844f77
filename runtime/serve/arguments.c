/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/arguments.h"
#include "base/control.h"
#include "serve/out.h"

static bool blank(char c) {
    return c == ' ' || c == '\t';
}

enum serve_code serve_arguments_check(const char *text, size_t size) {
    for (size_t i = 0, length; i < size; i += length) {
        length = serve_utf8(text + i, size - i);
        if (!length || (control_bytes(text + i, length) && text[i] != '\t')) return SERVE_UTF8;
    }
    return SERVE_OK;
}

void serve_arguments_join(char *to, size_t capacity, const char *name) {
    size_t i = 0;
    for (; name[i] && i + 1 < capacity; i++) to[i] = (unsigned char)name[i] <= ' ' || name[i] == 0x7f ? '_' : name[i];
    to[i] = 0;
}

/* The word in quotes at line[at], whose first quote is behind us; the end is where the last one was. */
static bool quoted_word(struct serve_arguments *w, const char *line, size_t size, size_t *at, size_t *used) {
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

enum serve_code serve_arguments_split(struct serve_arguments *arguments, const char *line, size_t size) {
    size_t used = 0, at = 0;
    arguments->count = 0;
    if (size > SERVE_LINE) return SERVE_LONG;
    if (serve_arguments_check(line, size)) return SERVE_UTF8;
    for (;;) {
        while (at < size && blank(line[at])) at++;
        if (at == size) return SERVE_OK;
        if (arguments->count == SERVE_LINE_ARGUMENTS) return SERVE_LONG;
        arguments->argument[arguments->count] = arguments->text + used;
        if (line[at] == '"') {
            at++;
            if (!quoted_word(arguments, line, size, &at, &used)) return SERVE_USAGE;
        } else
            while (at < size && !blank(line[at])) arguments->text[used++] = line[at++];
        arguments->text[used++] = 0;
        arguments->count++;
    }
}
