/* SPDX-License-Identifier: Apache-2.0
 * What struct sentencepiece is made of, and the two ways to cut a normalised text into tokens. */
#ifndef TEXT_SENTENCEPIECE_INNER_H
#define TEXT_SENTENCEPIECE_INNER_H

#include "text/charsmap.h"
#include "text/merge.h"
#include "text/pieces.h"
#include "text/sentencepiece.h"

struct sentencepiece {
    bool merges_pairs, space_before, single_spaces;
    enum canonical_rule clean;
    uint32_t end_id, unknown_id, context;
    struct charsmap charsmap;
    struct pieces added;  /* found in texts before they are normalised */
    struct pieces pieces; /* unigram: all; byte-pair: single characters */
    float *scores;        /* (tokens) unigram */
    float unknown_score;
    struct merge_table merges;
    uint32_t bytes[256]; /* tokens of bytes; UINT32_MAX: none */
};

/* Ids of a text as they come. */
struct sentencepiece_ids {
    int32_t *ids;
    size_t count, most;
    bool unknown; /* the last one: the next unknown character is part of it */
};
static inline void sentencepiece_put(const struct sentencepiece *sp, struct sentencepiece_ids *to, uint32_t id) {
    bool unknown = id == sp->unknown_id;
    if (!(unknown && to->unknown) && to->count < to->most) to->ids[to->count++] = (int32_t)id;
    to->unknown = unknown;
}

/* Bytes of a normalised text. */
struct sentencepiece_text {
    char *text;
    size_t length, room;
};

/* False: out of memory. */
bool sentencepiece_normalize(const struct sentencepiece *sp, const char *text, size_t length,
                             struct sentencepiece_text *out);
bool sentencepiece_unigram(const struct sentencepiece *sp, const char *text, size_t length,
                           struct sentencepiece_ids *to);
bool sentencepiece_pairs(const struct sentencepiece *sp, const char *text, size_t length, struct sentencepiece_ids *to);

#endif
