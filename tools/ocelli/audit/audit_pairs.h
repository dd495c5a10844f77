/* SPDX-License-Identifier: Apache-2.0
 * Pairs of words, and prompts in which one stands in the other's place. */
#ifndef AUDIT_PAIRS_H
#define AUDIT_PAIRS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct audit_pair {
    const char *first, *second;
};

struct audit_pairs {
    struct arena arena;
    struct audit_pair *pairs; /* (count) */
    size_t count;             /* at least 1 */
};

/* Lines "he,she" (or with a tab); blank lines and those that begin with # are passed over. A pair that is there twice,
 * in whichever order, is warned of and counts once. On error *pairs is empty. Errors: FILE (with the line), MEMORY. */
int audit_pairs_read(struct audit_pairs *pairs, const char *path);
/* The same from bytes, which are changed; `path` is for messages. */
int audit_pairs_parse(struct audit_pairs *pairs, char *text, const char *path);
void audit_pairs_finish(struct audit_pairs *pairs);

/* *out gets `prompt` with each of the pair's words in the other's place, or NULL if it has none. Words are whole words;
 * the case of ASCII letters does not count, and a capital stays one. "a" and "an" before the word follow it. Errors:
 * MEMORY. */
int audit_pairs_swap(const char **out, struct arena *arena, const struct audit_pair *pair, const char *prompt);

#endif
