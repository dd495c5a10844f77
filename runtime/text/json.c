/* SPDX-License-Identifier: Apache-2.0 */
#include "text/json.h"
#include "text/unicode.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void escaped(FILE *to, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(to, "\\%c", c);
        else if (c < 0x20 || c == 0x7f) /* 0x7f may stand as it is, but a terminal would obey it */
            fprintf(to, "\\u%04x", c);
        else
            putc(c, to);
    }
}

static void quoted(FILE *to, const char *text) {
    size_t left = strlen(text);
    putc('"', to);
    while (left) {
        size_t good = unicode_check(text, left);
        escaped(to, text, good);
        text += good, left -= good;
        if (left) { /* a byte that is not UTF-8 */
            fputs("\xEF\xBF\xBD", to);
            text++, left--;
        }
    }
    putc('"', to);
}

static void item(struct json *j, const char *key) {
    if (j->comma) putc(',', j->to);
    if (key) {
        quoted(j->to, key);
        putc(':', j->to);
    }
    j->comma = true;
}

void json_begin(struct json *json, const char *key, char bracket) {
    item(json, key);
    putc(bracket, json->to);
    json->comma = false;
}

void json_end(struct json *json, char bracket) {
    putc(bracket, json->to);
    json->comma = true;
}

void json_text(struct json *json, const char *key, const char *text) {
    item(json, key);
    if (text)
        quoted(json->to, text);
    else
        fputs("null", json->to);
}

void json_bool(struct json *json, const char *key, bool value) {
    item(json, key);
    fputs(value ? "true" : "false", json->to);
}

void json_count(struct json *json, const char *key, uint64_t value) {
    item(json, key);
    fprintf(json->to, "%" PRIu64, value);
}

void json_number(struct json *json, const char *key, double value, int digits) {
    item(json, key);
    if (isfinite(value))
        fprintf(json->to, "%.*g", digits, value);
    else
        fputs("null", json->to);
}
