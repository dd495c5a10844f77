/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/read/json.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* If a key had two values, it would depend on the reader which one counts. */
static int check_keys(const cJSON *object, const char *name) {
    size_t count = (size_t)cJSON_GetArraySize(object), i = 0;
    if (count < 2) return OCELLI_OK;
    const char **keys = calloc(count, sizeof *keys);
    if (!keys) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", name);
    const cJSON *item;
    cJSON_ArrayForEach(item, object) keys[i++] = item->string;
    qsort(keys, count, sizeof *keys, by_text);
    int status = OCELLI_OK;
    for (i = 1; i < count && !status; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            status = log_fail(OCELLI_ERR_FILE, "%s: '%s' stands there twice: fetch the file again", name, keys[i]);
    free(keys);
    return status;
}

/* As deep as cJSON itself goes: CJSON_NESTING_LIMIT. */
static int check_tree(const cJSON *item, const char *name) {
    int status = cJSON_IsObject(item) ? check_keys(item, name) : OCELLI_OK;
    for (const cJSON *child = item->child; child && !status; child = child->next)
        if (child->child) status = check_tree(child, name);
    return status;
}

/* cJSON 1.7.15 may read one byte past a text that is not terminated, hence the copy. */
static char *terminated(const void *bytes, size_t size) {
    char *text = size < SIZE_MAX ? malloc(size + 1) : NULL;
    if (!text) return NULL;
    if (size > 0) memcpy(text, bytes, size);
    text[size] = 0;
    return text;
}

/* Finds a zero in a string, which would end it early here: "weight\0x" would pass for "weight". NULL: nowhere. In JSON
 * a backslash stands in strings alone, and each begins an escape. */
static const char *find_zero(const char *text) {
    for (const char *at = text; (at = strchr(at, '\\')); at += 2)
        if (!strncmp(at, "\\u0000", 6)) return at;
    return NULL;
}

int json_parse(cJSON **root, const void *bytes, size_t size, const char *name) {
    *root = NULL;
    char *text = terminated(bytes, size);
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", name);
    const char *end = text;
    cJSON *parsed = strlen(text) == size ? cJSON_ParseWithOpts(text, &end, 1) : NULL;
    const char *zero = parsed ? find_zero(text) : NULL;
    int status = OCELLI_OK;
    if (!parsed)
        status = log_fail(OCELLI_ERR_FILE, "%s: not JSON (at byte %td): fetch the file again", name, end - text);
    else if (zero)
        status =
            log_fail(OCELLI_ERR_FILE, "%s: a zero in a string (at byte %td): fetch the file again", name, zero - text);
    else
        status = check_tree(parsed, name);
    free(text);
    if (status)
        cJSON_Delete(parsed);
    else
        *root = parsed;
    return status;
}

int json_load(cJSON **root, const char *path, struct sources *sources) {
    *root = NULL;
    struct file_bytes bytes;
    int status = source_read(sources, &bytes, path);
    if (status) return status;
    status = json_parse(root, bytes.data, bytes.size, path);
    file_free(&bytes);
    return status;
}

const cJSON *json_get(const struct json_at *at, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(at->object, key);
    return cJSON_IsNull(item) ? NULL : item;
}

static int wrong(const struct json_at *at, const char *key, const char *expected) {
    return log_fail(OCELLI_ERR_FILE, "%s: %s%s is not %s: correct it as the model was trained", at->file, at->where,
                    key, expected);
}

bool json_whole(const cJSON *item, uint64_t most, uint64_t *value) {
    if (!cJSON_IsNumber(item)) return false;
    double number = item->valuedouble;
    if (!(number >= 0 && number <= 9007199254740992.0 && number == floor(number))) return false; /* 2^53 */
    *value = (uint64_t)number;
    return *value <= most;
}

int json_u32(const struct json_at *at, const char *key, uint32_t *value) {
    const cJSON *item = json_get(at, key);
    uint64_t wide;
    if (!item) return OCELLI_OK;
    if (!json_whole(item, UINT32_MAX, &wide)) return wrong(at, key, "a whole number");
    *value = (uint32_t)wide;
    return OCELLI_OK;
}

static bool usable(const cJSON *item) {
    return cJSON_IsNumber(item) && isfinite((float)item->valuedouble);
}

int json_float(const struct json_at *at, const char *key, float *value) {
    const cJSON *item = json_get(at, key);
    if (!item) return OCELLI_OK;
    if (!usable(item)) return wrong(at, key, "a number");
    *value = (float)item->valuedouble;
    return OCELLI_OK;
}

int json_floats3(const struct json_at *at, const char *key, float values[3]) {
    const cJSON *array = json_get(at, key), *item;
    if (!array) return OCELLI_OK;
    if (!cJSON_IsArray(array) || cJSON_GetArraySize(array) != 3) return wrong(at, key, "three numbers");
    float read[3];
    size_t i = 0;
    cJSON_ArrayForEach(item, array) {
        if (!usable(item)) return wrong(at, key, "three numbers");
        read[i++] = (float)item->valuedouble;
    }
    memcpy(values, read, sizeof read);
    return OCELLI_OK;
}

int json_flag(const struct json_at *at, const char *key, bool *value) {
    const cJSON *item = json_get(at, key);
    if (!item) return OCELLI_OK;
    if (!cJSON_IsBool(item)) return wrong(at, key, "true or false");
    *value = cJSON_IsTrue(item);
    return OCELLI_OK;
}

int json_string(const struct json_at *at, const char *key, const char **value) {
    const cJSON *item = json_get(at, key);
    if (!item) return OCELLI_OK;
    if (!cJSON_IsString(item)) return wrong(at, key, "a string");
    *value = item->valuestring;
    return OCELLI_OK;
}

int json_object(const struct json_at *at, const char *key, const char *where, struct json_at *value) {
    *value = (struct json_at){.file = at->file, .where = where, .object = json_get(at, key)};
    return value->object && !cJSON_IsObject(value->object) ? wrong(at, key, "an object") : OCELLI_OK;
}
