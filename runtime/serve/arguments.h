/* SPDX-License-Identifier: Apache-2.0
 * A request divided into its verb and arguments. */
#ifndef SERVE_ARGUMENTS_H
#define SERVE_ARGUMENTS_H

#include "serve/callbacks.h"

enum { SERVE_LINE = 1024, SERVE_ARGUMENTS = 64, SERVE_LINE_ARGUMENTS = 32 };

struct serve_arguments {
    const char *argument[SERVE_ARGUMENTS]; /* terminated, in `text` */
    size_t count;
    char text[SERVE_LINE + SERVE_LINE_ARGUMENTS];
};

/* Errors: SERVE_UTF8, SERVE_LONG (over `SERVE_LINE` bytes or SERVE_LINE_ARGUMENTS of them), SERVE_USAGE (a quote that
 * does not end, or with more right behind it). */
enum serve_code serve_arguments_split(struct serve_arguments *arguments, const char *line, size_t size);

/* A name as one word of a terse line: blanks and control characters become '_'. Blanks of UTF-8 beyond ASCII stay, as
 * they part no words for C's isspace(). */
void serve_arguments_join(char *to, size_t capacity, const char *name);

/* SERVE_UTF8 unless all is UTF-8 without control characters but tabs. */
enum serve_code serve_arguments_check(const char *text, size_t size);

#endif
