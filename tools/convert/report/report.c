/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/report/report.h"
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

int report_init(struct report *report) {
    *report = (struct report){.root = cJSON_CreateObject()};
    report->choices = cJSON_AddArrayToObject(report->root, "choices");
    report->ignored = cJSON_AddArrayToObject(report->root, "ignored");
    report->tensors = cJSON_AddArrayToObject(report->root, "tensors");
    bool all = report->choices && report->ignored && report->tensors;
    return all ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "report: out of memory");
}

void report_finish(struct report *report) {
    cJSON_Delete(report->root);
    *report = (struct report){0};
}

void report_choice(struct report *report, const char *what, const char *value, const char *why, ...) {
    char text[512];
    va_list args;
    va_start(args, why);
    vsnprintf(text, sizeof text, why, args);
    va_end(args);
    cJSON *object = entry(report, report->choices);
    added(report, cJSON_AddStringToObject(object, "what", what));
    added(report, cJSON_AddStringToObject(object, "value", value));
    added(report, cJSON_AddStringToObject(object, "why", text));
}

static const char *text_of(const cJSON *choice, const char *key) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(choice, key));
    return text ? text : "";
}

void report_print_choices(const struct report *report) {
    const cJSON *choice;
    int what = 0, value = 0;
    enum { WIDEST = 32 }; /* a longer value has its reason a little further right */
    cJSON_ArrayForEach(choice, report->choices) {
        int a = (int)strlen(text_of(choice, "what")), b = (int)strlen(text_of(choice, "value"));
        if (a > what) what = a;
        if (b > value && b <= WIDEST) value = b;
    }
    cJSON_ArrayForEach(choice, report->choices) printf("%-*s  %-*s  %s\n", what, text_of(choice, "what"), value,
                                                       text_of(choice, "value"), text_of(choice, "why"));
}

void report_ignored(struct report *report, const char *name) {
    cJSON *text = cJSON_CreateString(name);
    if (!text || !cJSON_AddItemToArray(report->ignored, text)) report->failed = true;
}

void report_tensor(struct report *report, const char *name, uint32_t rows, uint32_t columns,
                   const struct report_error *error) {
    cJSON *object = entry(report, report->tensors);
    added(report, cJSON_AddStringToObject(object, "name", name));
    added(report, cJSON_AddNumberToObject(object, "rows", rows));
    added(report, cJSON_AddNumberToObject(object, "columns", columns));
    added(report, cJSON_AddNumberToObject(object, "max_abs_error", error->largest));
    added(report, cJSON_AddNumberToObject(object, "relative_rms_error", error->relative));
}

void report_cosine(struct report *report, const char *kind, double worst) {
    char key[64];
    snprintf(key, sizeof key, "worst_%s_cosine", kind);
    report_number(report, key, worst);
}

void report_text(struct report *report, const char *key, const char *value) {
    added(report, cJSON_AddStringToObject(report->root, key, value));
}

void report_number(struct report *report, const char *key, double value) {
    added(report, cJSON_AddNumberToObject(report->root, key, value));
}

void report_sources(struct report *report, const struct sources *sources) {
    cJSON *array = cJSON_AddArrayToObject(report->root, "sources");
    added(report, array);
    for (const struct source *s = sources->first; s; s = s->next) {
        cJSON *object = entry(report, array);
        added(report, cJSON_AddStringToObject(object, "file", s->name));
        added(report, cJSON_AddStringToObject(object, "sha256", s->hash));
    }
}

int report_write(struct report *report, struct file_writer *out) {
    char *text = report->failed ? NULL : cJSON_Print(report->root);
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "report: out of memory");
    int status = file_writer_write(out, text, strlen(text));
    if (!status) status = file_writer_write(out, "\n", 1);
    cJSON_free(text);
    return status;
}
