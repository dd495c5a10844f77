/* SPDX-License-Identifier: Apache-2.0
 * Unicode's composed form (NFC): one way to write what can be written in several, as "é" and "e" with an accent behind
 * it. */
#ifndef BASE_COMPOSE_H
#define BASE_COMPOSE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Composing makes a text at most this many times as long (Unicode, UAX 15). */
enum { COMPOSE_GROWTH = 3 };

/* `text` of `length` bytes in composed form: *out, terminated, of *out_length bytes, for free(). Bytes that are not
 * UTF-8 stay as they are. Takes time in proportion to the length, whatever the text. false: out of memory, not said. */
bool compose(const char *text, size_t length, char **out, size_t *out_length);

/* A terminated text composed, in the arena; NULL: out of memory, not said. */
const char *compose_copy(struct arena *arena, const char *text);

/* Whether two terminated texts are the same once composed. Out of memory, it compares the bytes. */
bool compose_same(const char *a, const char *b);

#endif
