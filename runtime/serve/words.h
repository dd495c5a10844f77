/* SPDX-License-Identifier: Apache-2.0
 * A request parted into words. */
#ifndef SERVE_WORDS_H
#define SERVE_WORDS_H

#include "serve/board.h"

enum { SERVE_LINE = 1024, SERVE_WORDS = 64, SERVE_LINE_WORDS = 32 };

struct serve_words {
    const char *word[SERVE_WORDS]; /* terminated, in `text` */
    size_t count;
    char text[SERVE_LINE + SERVE_LINE_WORDS];
};

/* Errors: SERVE_UTF8, SERVE_LONG (over `SERVE_LINE` bytes or SERVE_LINE_WORDS words), SERVE_USAGE (a quote that does not end, or
 * with more right behind it). */
enum serve_code serve_words_split(struct serve_words *w, const char *line, size_t size);

/* A name as one word of a terse line: blanks and control characters become '_'. Blanks of UTF-8 beyond ASCII stay, as they part
 * no words for C's isspace(). */
void serve_words_join(char *to, size_t room, const char *name);

/* SERVE_UTF8 unless all is UTF-8 without control characters but tabs. */
enum serve_code serve_words_check(const char *text, size_t size);

#endif
