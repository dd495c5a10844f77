/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/findings.h"
#include "base/log.h"
#include "ocelli/common/plain.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Behind "FILE:LINE: " or "FILE: ", where a message begins so. *line gets LINE, or 0. */
static const char *behind_place(const char *message, const char *path, size_t *line) {
    char shown[LOG_LINE], *end;
    log_one_line(path, shown);
    size_t length = strlen(shown);
    *line = 0;
    if (strncmp(message, shown, length) || message[length] != ':') return message;
    const char *at = message + length + 1;
    if (*at == ' ') return at + 1;
    unsigned long number = strtoul(at, &end, 10);
    if (end == at || strncmp(end, ": ", 2)) return message;
    *line = number;
    return end + 2;
}

static struct finding *next(struct findings *f) {
    if (f->count == f->capacity) {
        size_t capacity = f->capacity ? 2 * f->capacity : 64;
        struct finding *grown = realloc(f->list, capacity * sizeof *grown);
        if (!grown) return NULL;
        f->list = grown, f->capacity = capacity;
    }
    return &f->list[f->count];
}

static void keep(void *user, enum ocelli_log_level level, const char *message) {
    struct findings *f = user;
    if (level == OCELLI_LOG_INFO) return;
    pthread_mutex_lock(&lock);
    struct finding *found = next(f);
    size_t line;
    char *text = strdup(behind_place(message, f->path, &line));
    bool fault = level == OCELLI_LOG_ERROR;
    f->faults += fault;
    if (found && text) {
        *found = (struct finding){fault, line, f->count++, text};
    } else {
        free(text);
        f->lost = true;
    }
    pthread_mutex_unlock(&lock);
}

void findings_begin(struct findings *f, const char *path) {
    *f = (struct findings){.path = path};
    ocelli_set_log(keep, f);
}

static int by_line(const void *a, const void *b) {
    const struct finding *x = a, *y = b;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

void findings_end(struct findings *f) {
    ocelli_set_log(NULL, NULL);
    if (f->count) qsort(f->list, f->count, sizeof *f->list, by_line);
    if (f->lost) log_error("%s: out of memory: not all that was found is told", f->path);
}

void findings_show(const struct findings *f) {
    for (size_t i = 0; i < f->count; i++) {
        plain_text(stdout, f->path);
        if (f->list[i].line) printf(":%zu", f->list[i].line);
        printf(": %s%s\n", f->list[i].fault ? "" : "warning: ", f->list[i].text);
    }
}

static void json_list(const struct findings *f, struct json *j, const char *key, bool faults) {
    json_begin(j, key, '[');
    for (size_t i = 0; i < f->count; i++) {
        const struct finding *found = &f->list[i];
        if (found->fault != faults) continue;
        json_begin(j, NULL, '{');
        if (found->line)
            json_count(j, "line", found->line);
        else
            json_number(j, "line", (double)NAN, JSON_SHORT);
        json_text(j, "text", found->text);
        json_end(j, '}');
    }
    json_end(j, ']');
}

void findings_json(const struct findings *f, struct json *json) {
    json_list(f, json, "faults", true);
    json_list(f, json, "warnings", false);
}

void findings_finish(struct findings *f) {
    for (size_t i = 0; i < f->count; i++) free(f->list[i].text);
    free(f->list);
    *f = (struct findings){0};
}
