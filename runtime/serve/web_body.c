/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/web_body.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static enum serve_code refuse(enum serve_code code, char message[SERVE_MESSAGE], const char *text) {
    snprintf(message, SERVE_MESSAGE, "%s", text);
    return code;
}

enum serve_code web_words_add(struct web_words *words, const char *text, size_t size) {
    if (serve_arguments_check(text, size)) return SERVE_UTF8;
    if (words->count == SERVE_ARGUMENTS || size + 1 > sizeof words->text - words->used) return SERVE_LONG;
    char *to = words->text + words->used;
    memcpy(to, text, size);
    to[size] = 0;
    words->used += size + 1;
    words->argument[words->count++] = to;
    return SERVE_OK;
}

/* cJSON ends a text at \u0000, which would hide the rest. A depth of a few is all that is asked for; cJSON's own limit
 * is a thousand. */
static cJSON *parse(const char *body, size_t size) {
    size_t open = 0;
    for (size_t i = 0; i < size; i++) open += body[i] == '[' || body[i] == '{';
    if (memmem(body, size, "\\u0000", 6) || memchr(body, 0, size) || open > 512) return NULL;
    const char *end;
    cJSON *json = cJSON_ParseWithLengthOpts(body, size, &end, false);
    size_t left = json ? size - (size_t)(end - body) : 0;
    while (left && strchr(" \t\r\n", *end)) end++, left--;
    if (!left && cJSON_IsObject(json)) return json;
    cJSON_Delete(json);
    return NULL;
}

enum serve_code web_body_values(struct web_words *words, const char *body, size_t size, char message[SERVE_MESSAGE]) {
    static const char form[] = "the body is {\"values\": [\"...\"]}, texts alone";
    enum serve_code code = SERVE_OK;
    cJSON *json = parse(body, size);
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(json, "values"), *value;
    if (!cJSON_IsArray(values) || cJSON_GetArraySize(json) != 1) code = refuse(SERVE_USAGE, message, form);
    if (!code) cJSON_ArrayForEach(value, values) {
            if (!code && !cJSON_IsString(value)) code = refuse(SERVE_USAGE, message, form);
            if (!code) code = web_words_add(words, value->valuestring, strlen(value->valuestring));
        }
    cJSON_Delete(json);
    return code;
}

enum serve_code web_body_password(char *password, size_t capacity, const char *body, size_t size,
                                  char message[SERVE_MESSAGE]) {
    cJSON *json = parse(body, size);
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(json, "password");
    bool good = cJSON_IsString(text) && strlen(text->valuestring) < capacity;
    if (good) strcpy(password, text->valuestring);
    if (cJSON_IsString(text)) explicit_bzero(text->valuestring, strlen(text->valuestring));
    cJSON_Delete(json);
    return good ? SERVE_OK : refuse(SERVE_USAGE, message, "the body is {\"password\": \"...\"}");
}
