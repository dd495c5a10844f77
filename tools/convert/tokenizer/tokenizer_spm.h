/* SPDX-License-Identifier: Apache-2.0
 * A SentencePiece vocabulary: out of sentencepiece's own file (spiece.model, tokenizer.model), or of a tokenizer.json
 * that has the same. */
#ifndef CONVERT_TOKENIZER_SPM_H
#define CONVERT_TOKENIZER_SPM_H

#include "convert/read/json.h"
#include "text/sentencepiece.h"

struct spm {
    struct arena arena;
    const char *file; /* for messages */
    bool merges_pairs, space_before, single_spaces, lower;
    struct bpe_text *tokens; /* (token_count), position = id */
    uint8_t *types;          /* (token_count) */
    float *scores;           /* (token_count) */
    size_t token_count;
    uint32_t *merges; /* (merge_count, 2): left and right */
    size_t merge_count;
    uint8_t *charsmap;
    size_t charsmap_size;
};

/* Fill all but `file`. Errors: FILE, LIMIT, MEMORY. */
int spm_read_model(struct spm *spm, const uint8_t *bytes, size_t size);
int spm_read_json(struct spm *spm, const cJSON *root);
void spm_finish(struct spm *spm);

/* Every pair of tokens that makes a token, best score first, as transformers makes them of sentencepiece's file. */
int spm_make_merges(struct spm *spm);

/* The token's id, or UINT32_MAX. */
uint32_t spm_find(const struct spm *spm, const char *token);

#endif
