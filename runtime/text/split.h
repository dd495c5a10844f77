/* SPDX-License-Identifier: Apache-2.0
 * CLIP's pattern: the words of a cleaned text. */
#ifndef TEXT_SPLIT_H
#define TEXT_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

enum split_kind { SPLIT_WORD, SPLIT_START_MARK, SPLIT_END_MARK };

struct split_word {
    size_t start, end; /* bytes of the text */
    enum split_kind kind;
};

/* The next word from *at on, which moves behind it; false at the end. `text` as clean_text() made it. */
bool split_next(const char *text, size_t length, size_t *at, struct split_word *word);

#endif
