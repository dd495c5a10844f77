/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/csv.h"
#include "text/unicode.h"

#include <math.h>
#include <string.h>

static void begin_field(struct csv *c) {
    if (c->comma) putc(',', c->to);
    c->comma = true;
}

static void write_doubled(FILE *to, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') putc('"', to);
        putc(text[i], to);
    }
}

/* A space at either end is kept by all readers only within quotes. */
static bool needs_quotes(const char *text) {
    size_t length = strlen(text);
    return text[strcspn(text, ",\"\r\n")] || (length && (text[0] == ' ' || text[length - 1] == ' '));
}

void csv_text(struct csv *c, const char *text) {
    begin_field(c);
    if (!text) return;
    bool quotes = needs_quotes(text);
    if (quotes) putc('"', c->to);
    for (size_t left = strlen(text); left;) {
        size_t good = unicode_check(text, left);
        write_doubled(c->to, text, good);
        text += good, left -= good;
        if (!left) break;
        fputs("\xEF\xBF\xBD", c->to);
        text++, left--;
    }
    if (quotes) putc('"', c->to);
}

void csv_number(struct csv *c, double value, int digits) {
    begin_field(c);
    if (isfinite(value)) fprintf(c->to, "%.*g", digits, value);
}

void csv_end_line(struct csv *c) {
    putc('\n', c->to);
    c->comma = false;
}
