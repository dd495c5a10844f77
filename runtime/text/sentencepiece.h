/* SPDX-License-Identifier: Apache-2.0
 * SentencePiece's two kinds of tokenizer: unigram, as of SigLIP, whose reference is sentencepiece itself, and byte-pair
 * with bytes for unknown characters, as of SigLIP 2 (Gemma's), whose reference is Hugging Face's tokenizers. */
#ifndef TEXT_SENTENCEPIECE_H
#define TEXT_SENTENCEPIECE_H

#include "text/bpe.h"
#include "text/canonical.h"

#include <stdbool.h>

struct sentencepiece;

/* GGUF's token types. */
enum sentencepiece_type {
    SENTENCEPIECE_NORMAL = 1,
    SENTENCEPIECE_UNKNOWN = 2, /* found in texts, like the next, only where pairs are merged */
    SENTENCEPIECE_CONTROL = 3,
    SENTENCEPIECE_USER = 4, /* found in texts before they are normalised */
    SENTENCEPIECE_UNUSED = 5,
    SENTENCEPIECE_BYTE = 6, /* <0x00> to <0xFF> */
};

/* Bytes of a text that are looked at: what stands behind cannot reach the ids of a context. */
enum { SENTENCEPIECE_LONGEST = 1 << 18 };

struct sentencepiece_params {
    bool merges_pairs;             /* byte-pair; else unigram */
    const struct bpe_text *tokens; /* (token_count), position = id */
    size_t token_count;
    const uint8_t *types;  /* (token_count) enum sentencepiece_type */
    const uint8_t *scores; /* (token_count) f32, little-endian; unigram */
    const uint8_t *merges; /* (merge_count) u32 left, u32 right, little-endian, best first; byte-pair */
    size_t merge_count;
    const uint8_t *charsmap; /* must outlive the tokenizer; NULL: texts stay as they are */
    size_t charsmap_size;
    bool space_before;  /* a blank is put before the text */
    bool single_spaces; /* runs become one, none at the ends */
    enum canonical_rule clean;
    uint32_t end_id;  /* behind each text */
    uint32_t context; /* ids a text can have, the end mark included; at least 2 */
    const char *name; /* of the source, for messages */
};

/* All but the charsmap is only read during the call. On error *out is NULL. Errors: FILE (broken), MEMORY. */
int sentencepiece_create(struct sentencepiece **out, const struct sentencepiece_params *params);
/* Frees and sets *sp to NULL. Accepts NULL and a pointer to NULL. */
void sentencepiece_destroy(struct sentencepiece **sp);

/* ids: room for `context`; the end mark is the last one, also when the text had to be cut. Takes O(n log n) of at most
 * SENTENCEPIECE_LONGEST bytes. Errors: USAGE (not UTF-8), LIMIT (over CLEAN_LONGEST), MEMORY. Thread-safety: read-only.
 */
int sentencepiece_encode(const struct sentencepiece *sp, const char *text, size_t length, int32_t *ids, size_t *count);

#endif
