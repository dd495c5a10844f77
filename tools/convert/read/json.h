/* SPDX-License-Identifier: Apache-2.0
 * JSON from outside: parsed whole, no key twice, values taken by type with the file's name in the
 * error. A key that is absent or null leaves the caller's default. */
#ifndef CONVERT_JSON_H
#define CONVERT_JSON_H

#include "convert/read/source.h"
#include <cjson/cJSON.h>

/* *root is to be freed with cJSON_Delete(). `name` is for messages. Errors: FILE, MEMORY. */
int json_parse(cJSON **root, const void *bytes, size_t size, const char *name);
int json_load(cJSON **root, const char *path, struct sources *sources);

/* An object and how messages call it. */
struct json_at {
    const char *file;
    const char *where; /* such as "text_config.", or "" */
    const cJSON *object;
};

/* NULL when absent or null. */
const cJSON *json_get(const struct json_at *at, const char *key);

/* Errors: FILE when of another type or out of range; *value is then as before. */
int json_u32(const struct json_at *at, const char *key, uint32_t *value);
int json_float(const struct json_at *at, const char *key, float *value);
int json_floats3(const struct json_at *at, const char *key, float values[3]);
int json_flag(const struct json_at *at, const char *key, bool *value);
int json_string(const struct json_at *at, const char *key, const char **value); /* lives with the object */
/* An object; *value.object is NULL when absent. */
int json_object(const struct json_at *at, const char *key, const char *where, struct json_at *value);

/* A number that is whole and at most `most`. */
bool json_whole(const cJSON *item, uint64_t most, uint64_t *value);

#endif
