/* SPDX-License-Identifier: Apache-2.0
 * What is to be told about the board: faults, and notes of what is no fault. All of them are collected, then written in
 * the order of the settings file. */
#ifndef REPORT_H
#define REPORT_H

#include "base/arena.h"

#include <stdbool.h>

/* The settings file, as messages name it. */
#define REPORT_FILE "ocelli.txt"

struct report_item {
    size_t line, order; /* line: of the settings file; 0: none */
    bool note;
    const char *text;
};

/* Zeroed: empty. */
struct report {
    struct arena arena;
    struct report_item *items; /* (count) */
    size_t count, capacity;
    bool lost; /* no memory for one */
};

/* line: of the settings file, or 0. The same text of the same line is told once. */
void report_fault(struct report *report, size_t line, const char *format, ...) __attribute__((format(printf, 3, 4)));
void report_note(struct report *report, size_t line, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Faults, without the notes. */
size_t report_faults(const struct report *report);
/* A line each: "ocelli.txt line 3: what, what to do"; "note: " before a note. free() it. NULL: no memory. */
char *report_lines(struct report *report);
void report_finish(struct report *report);

#endif
