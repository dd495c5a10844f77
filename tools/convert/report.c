/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/report.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Remembers the first failed addition, so that callers need not look. */
static void added(struct report *r, const cJSON *item) {
    if (!item) r->failed = true;
}

static cJSON *entry(struct report *r, cJSON *array) {
    cJSON *object = cJSON_CreateObject();
    if (!object || !cJSON_AddItemToArray(array, object)) r->failed = true;
    return object;
}

int report_init(struct report *r) {
    *r = (struct report){.root = cJSON_CreateObject()};
    r->choices = cJSON_AddArrayToObject(r->root, "choices");
    r->ignored = cJSON_AddArrayToObject(r->root, "ignored");
    r->tensors = cJSON_AddArrayToObject(r->root, "tensors");
    bool all = r->choices && r->ignored && r->tensors;
    return all ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "report: out of memory");
}

void report_finish(struct report *r) {
    cJSON_Delete(r->root);
    *r = (struct report){0};
}

void report_choice(struct report *r, const char *what, const char *value, const char *why, ...) {
    char text[512];
    va_list args;
    va_start(args, why);
    vsnprintf(text, sizeof text, why, args);
    va_end(args);
    cJSON *object = entry(r, r->choices);
    added(r, cJSON_AddStringToObject(object, "what", what));
    added(r, cJSON_AddStringToObject(object, "value", value));
    added(r, cJSON_AddStringToObject(object, "why", text));
}

void report_ignored(struct report *r, const char *name) {
    cJSON *text = cJSON_CreateString(name);
    if (!text || !cJSON_AddItemToArray(r->ignored, text)) r->failed = true;
}

void report_tensor(struct report *r, const char *name, uint32_t rows, uint32_t columns, const struct report_error *error) {
    cJSON *object = entry(r, r->tensors);
    added(r, cJSON_AddStringToObject(object, "name", name));
    added(r, cJSON_AddNumberToObject(object, "rows", rows));
    added(r, cJSON_AddNumberToObject(object, "columns", columns));
    added(r, cJSON_AddNumberToObject(object, "max_abs_error", error->largest));
    added(r, cJSON_AddNumberToObject(object, "relative_rms_error", error->relative));
}

void report_cosine(struct report *r, const char *kind, double worst) {
    char key[64];
    snprintf(key, sizeof key, "worst_%s_cosine", kind);
    report_number(r, key, worst);
}

void report_text(struct report *r, const char *key, const char *value) {
    added(r, cJSON_AddStringToObject(r->root, key, value));
}

void report_number(struct report *r, const char *key, double value) {
    added(r, cJSON_AddNumberToObject(r->root, key, value));
}

void report_sources(struct report *r, const struct sources *sources) {
    cJSON *array = cJSON_AddArrayToObject(r->root, "sources");
    added(r, array);
    for (const struct source *s = sources->first; s; s = s->next) {
        cJSON *object = entry(r, array);
        added(r, cJSON_AddStringToObject(object, "file", s->name));
        added(r, cJSON_AddStringToObject(object, "sha256", s->hash));
    }
}

int report_write(struct report *r, struct file_writer *out) {
    char *text = r->failed ? NULL : cJSON_Print(r->root);
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "report: out of memory");
    int status = file_writer_write(out, text, strlen(text));
    if (!status) status = file_writer_write(out, "\n", 1);
    cJSON_free(text);
    return status;
}
