/* SPDX-License-Identifier: Apache-2.0
 * Pieces of a vocabulary in the order of their bytes: which of them begin at a place of a text. */
#ifndef TEXT_PIECES_H
#define TEXT_PIECES_H

#include "text/bpe.h"

#include <stdbool.h>

struct pieces {
    char *bytes;     /* of all, one behind the other, in order */
    uint32_t *start; /* (count + 1) */
    uint32_t *ids;   /* (count) */
    uint32_t count;
};

/* The tokens whose `taken` is not 0. False: out of memory; finish() then too. */
bool pieces_init(struct pieces *pieces, const struct bpe_text *tokens, const uint8_t *taken, size_t count);
void pieces_finish(struct pieces *pieces);

/* A walk along a text, byte by byte: those pieces that begin so. Begin with pieces_all(). */
struct pieces_range {
    uint32_t first, end;
    uint32_t depth;
};
struct pieces_range pieces_all(const struct pieces *pieces);
/* False: no piece begins so. *id: the piece that is all of it, or UINT32_MAX. */
bool pieces_step(const struct pieces *pieces, struct pieces_range *range, char byte, uint32_t *id);

/* The id of the longest piece at text[at], and its length in bytes; 0: there is none. */
size_t pieces_longest(const struct pieces *pieces, const char *text, size_t length, size_t at, uint32_t *id);

#endif
