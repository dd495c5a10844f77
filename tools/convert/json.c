/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/json.h"
#include "base/log.h"

#include <math.h>

const cJSON *json_get(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNull(item) ? NULL : item;
}

int json_u32(const cJSON *object, const char *key, uint32_t fallback, uint32_t *value, const char *file) {
    const cJSON *item = json_get(object, key);
    *value = fallback;
    if (!item) return OCELLI_OK;
    double d = item->valuedouble;
    if (!cJSON_IsNumber(item) || !(d >= 0) || d > 4294967295.0 || d != floor(d))
        return log_fail(OCELLI_ERR_FILE, "%s: %s is not a whole number", file, key);
    *value = (uint32_t)d;
    return OCELLI_OK;
}

int json_float(const cJSON *object, const char *key, double fallback, double *value, const char *file) {
    const cJSON *item = json_get(object, key);
    *value = item ? item->valuedouble : fallback;
    if (item && (!cJSON_IsNumber(item) || !isfinite(item->valuedouble)))
        return log_fail(OCELLI_ERR_FILE, "%s: %s is not a number", file, key);
    return OCELLI_OK;
}

const char *json_string(const cJSON *object, const char *key) {
    const cJSON *item = json_get(object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}
