/* SPDX-License-Identifier: Apache-2.0
 * SentencePiece's precompiled character map: NFKC or another normal form as a vocabulary was trained with, as a double
 * array trie from UTF-8 to UTF-8. Trusts nothing. */
#ifndef TEXT_CHARSMAP_H
#define TEXT_CHARSMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct charsmap {
    const uint8_t *units; /* (unit_count) u32, little-endian */
    size_t unit_count;
    const char *texts; /* what is mapped to, each ended by a zero */
    size_t text_size;
};

/* Only looked at, must outlive *map. size 0: nothing is mapped. False: broken. */
bool charsmap_init(struct charsmap *map, const uint8_t *bytes, size_t size);

/* The longest mapped text at text[at]: its length in bytes, and what becomes of it. 0: nothing is mapped there. */
size_t charsmap_find(const struct charsmap *map, const char *text, size_t length, size_t at, const char **to,
                     size_t *to_length);

#endif
