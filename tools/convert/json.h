/* SPDX-License-Identifier: Apache-2.0
 * JSON files of checkpoints: read whole, values with one line where they are missing or wrong. */
#ifndef CONVERT_JSON_H
#define CONVERT_JSON_H

#include <cjson/cJSON.h>
#include <ocelli.h>
#include <stdbool.h>

/* A member by name, NULL when absent or null. Case matters. */
const cJSON *json_get(const cJSON *object, const char *key);
/* As above; `fallback` when absent. Errors: FILE (there, but not a whole number of 32 bits). */
int json_u32(const cJSON *object, const char *key, uint32_t fallback, uint32_t *value, const char *file);
int json_float(const cJSON *object, const char *key, double fallback, double *value, const char *file);
/* NULL when absent or not a string. */
const char *json_string(const cJSON *object, const char *key);

#endif
