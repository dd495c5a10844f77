/* SPDX-License-Identifier: Apache-2.0
 * What is to be told about the board: faults, and notes of what is no fault. All of them are collected, then written in
 * the order of the settings file. */
#ifndef DIAGNOSTICS_H
#define DIAGNOSTICS_H

#include "base/arena.h"

#include <stdbool.h>

/* The settings file, as messages name it. */
#define DIAGNOSTICS_FILE "ocelli.txt"

struct diagnostic {
    size_t line, order; /* line: of the settings file; 0: none */
    bool note;
    const char *text;
};

/* Zeroed: empty. */
struct diagnostics {
    struct arena arena;
    struct diagnostic *items; /* (count) */
    size_t count, capacity;
    bool lost; /* no memory for one */
};

/* line: of the settings file, or 0. The same text of the same line is told once. */
void diagnostics_fault(struct diagnostics *report, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diagnostics_note(struct diagnostics *report, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Faults, without the notes. */
size_t diagnostics_faults(const struct diagnostics *report);
/* A line each: "ocelli.txt line 3: what, what to do"; "note: " before a note. free() it. NULL: no memory. */
char *diagnostics_lines(struct diagnostics *report);
void diagnostics_finish(struct diagnostics *report);

#endif
