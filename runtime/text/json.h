/* SPDX-License-Identifier: Apache-2.0
 * JSON (RFC 8259) written as it comes, without building it in memory first. */
#ifndef TEXT_JSON_H
#define TEXT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Begin with {.to = file}. Faults of writing are left to ferror(). */
struct json {
    FILE *to;
    bool comma; /* the next item needs one before it */
};

/* In all of these: `key` inside an object, NULL inside an array and at the top. */
void json_begin(struct json *json, const char *key, char bracket); /* '{' or '[' */
void json_end(struct json *json, char bracket);                    /* '}' or ']' */
/* Bytes that are not UTF-8 (file names may be anything) become U+FFFD; NULL becomes null. */
void json_text(struct json *json, const char *key, const char *text);
void json_bool(struct json *json, const char *key, bool value);
void json_count(struct json *json, const char *key, uint64_t value);
/* `digits` significant ones; what is not finite has no form in JSON and becomes null. */
void json_number(struct json *json, const char *key, double value, int digits);

/* With so many digits a float that is read back is the same (C11 5.2.4.2.2: FLT_DECIMAL_DIG). */
enum { JSON_FLOAT = 9, JSON_SHORT = 6 };

#endif
