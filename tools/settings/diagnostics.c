/* SPDX-License-Identifier: Apache-2.0 */
#include "diagnostics.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct diagnostic *next(struct diagnostics *r) {
    if (r->count == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : 32;
        struct diagnostic *grown = realloc(r->items, capacity * sizeof *grown);
        if (!grown) return NULL;
        r->items = grown, r->capacity = capacity;
    }
    return &r->items[r->count];
}

static void add(struct diagnostics *r, size_t line, bool note, const char *format, va_list args) {
    char raw[LOG_LINE], shown[LOG_LINE];
    vsnprintf(raw, sizeof raw, format, args);
    log_one_line(raw, shown);
    for (size_t i = 0; i < r->count; i++)
        if (r->items[i].line == line && !strcmp(r->items[i].text, shown)) return;
    struct diagnostic *item = next(r);
    const char *text = item ? arena_copy(&r->arena, shown, strlen(shown)) : NULL;
    if (text)
        *item = (struct diagnostic){line, r->count++, note, text};
    else
        r->lost = true;
}

void diagnostics_fault(struct diagnostics *report, size_t line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add(report, line, false, format, args);
    va_end(args);
}

void diagnostics_note(struct diagnostics *report, size_t line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add(report, line, true, format, args);
    va_end(args);
}

size_t diagnostics_faults(const struct diagnostics *report) {
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++) count += !report->items[i].note;
    return count;
}

/* Faults first; those of the file in its order, then the others. */
static int compare(const void *a, const void *b) {
    const struct diagnostic *x = a, *y = b;
    if (x->note != y->note) return x->note ? 1 : -1;
    if (!x->line != !y->line) return x->line ? -1 : 1;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

char *diagnostics_lines(struct diagnostics *report) {
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to) return NULL;
    if (report->count) qsort(report->items, report->count, sizeof *report->items, compare);
    for (size_t i = 0; i < report->count; i++) {
        const struct diagnostic *item = &report->items[i];
        if (item->note) fputs("note: ", to);
        if (item->line) fprintf(to, DIAGNOSTICS_FILE " line %zu: ", item->line);
        fprintf(to, "%s\n", item->text);
    }
    if (report->lost) fputs("out of memory: not all that is wrong is told here\n", to);
    if (fclose(to) == 0) return text;
    free(text);
    return NULL;
}

void diagnostics_finish(struct diagnostics *report) {
    free(report->items);
    arena_finish(&report->arena);
    *report = (struct diagnostics){0};
}
