/* SPDX-License-Identifier: Apache-2.0
 * CLIP's byte-pair tokenizer: text in, token ids out, equal to OpenAI's simple_tokenizer (without
 * ftfy's repair of wrongly decoded text). */
#ifndef TEXT_BPE_H
#define TEXT_BPE_H

#include <ocelli.h>
#include <stdint.h>

struct bpe;

struct bpe_text {
    const char *text; /* not terminated */
    size_t length;
};

struct bpe_params {
    const struct bpe_text *tokens; /* (token_count), position = id */
    size_t token_count;
    const struct bpe_text *merges; /* (merge_count) "left right", best first */
    size_t merge_count;
    uint32_t start_id, end_id;
    uint32_t context; /* ids a text can have, marks included; at least 2 */
    const char *name; /* of the source, for messages */
};

/* Everything is only read during the call. On error *out is NULL. Errors: FILE (a merge that names no
 * token, a byte without a token, duplicates, ids out of range), MEMORY. */
int bpe_create(struct bpe **out, const struct bpe_params *params);

/* Frees and sets *bpe to NULL. Accepts NULL and a pointer to NULL. */
void bpe_destroy(struct bpe **bpe);

/* ids: room for `context`; start mark first, end mark last, also when the text had to be cut. The
 * marks of CLIP spelt out in the text, "<|startoftext|>" and "<|endoftext|>", give their ids.
 * Errors: USAGE (not UTF-8), LIMIT (longer than clean_text() takes), MEMORY. Thread-safety: read-only. */
int bpe_encode(const struct bpe *bpe, const char *text, size_t length, int32_t *ids, size_t *count);

#endif
