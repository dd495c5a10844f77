/* SPDX-License-Identifier: Apache-2.0
 * CLIP's byte-pair vocabulary out of any of the files it is published as, or SigLIP's SentencePiece one. */
#ifndef CONVERT_TOKENIZER_H
#define CONVERT_TOKENIZER_H

#include "convert/model/config.h"
#include "convert/tokenizer/tokenizer_spm.h"
#include "text/encoder.h"

struct tokenizer_added {
    struct tokenizer_added *next;
    const char *file, *content;
};

struct tokenizer {
    struct arena arena;
    const char *file;        /* for messages: the one read last */
    const char *vocabulary;  /* the one with the tokens */
    struct bpe_text *tokens; /* (token_count), position = id */
    size_t token_count;
    struct tokenizer_added *added; /* what is listed as added to the vocabulary, newest first; NULL: nothing */
    struct bpe_text *merges;       /* (merge_count) "left right", best first */
    size_t merge_count;
    uint32_t start_id, end_id;
    uint32_t padding_id;       /* of CLIP's 0: without effect under a causal mask */
    struct spm spm;            /* SigLIP's, in the place of tokens and merges; spm.tokens NULL: CLIP's */
    enum canonical_rule clean; /* of SigLIP's texts */
    struct encoder *encoder;   /* made of the above: proof that the runtime will take it */
};

/* `path` (NULL: `folder`) is a folder with vocab.json and merges.txt or with tokenizer.json. Or it is one of these
 * files, or CLIP's bpe_simple_vocab_16e6.txt, packed with gzip or not. Errors: FILE (none found, does not fit the
 * configuration), MEMORY. */
int tokenizer_load(struct tokenizer *tokenizer, const char *path, const char *folder, const struct config *config,
                   struct sources *sources, struct report *report);
void tokenizer_finish(struct tokenizer *tokenizer);

/* The same of a SigLIP, whose folder has spiece.model, tokenizer.json or tokenizer.model. */
int tokenizer_load_spm(struct tokenizer *tokenizer, const char *path, const char *folder, const struct config *config,
                       struct sources *sources, struct report *report);
/* Is there in `folder` another tokenizer than the one read from it, in a form that was not looked at? `folder` may be a
 * file: then nothing is. Errors: FILE, MEMORY. */
int tokenizer_check_others(struct tokenizer *tokenizer, const char *folder);
/* All but the context. */
struct sentencepiece_params tokenizer_spm_params(const struct tokenizer *tokenizer);

/* The readers, by form. Each fills tokens and merges. Errors: FILE, MEMORY. */
int tokenizer_read_vocab(struct tokenizer *tokenizer, const cJSON *vocab, const cJSON *added_or_null);
int tokenizer_read_merges(struct tokenizer *tokenizer, const char *text, size_t size);
int tokenizer_read_json(struct tokenizer *tokenizer, const cJSON *root);
/* Does a tokenizer.json cut texts as CLIP's does? Another one with the same kind of symbols would give other ids
 * without a word. Errors: FILE. */
int tokenizer_check_kind(const struct tokenizer *tokenizer, const cJSON *root);
/* The added tokens of tokenizer.json or tokenizer_config.json, and of added_tokens.json, into t->added. */
int tokenizer_read_added(struct tokenizer *tokenizer, const cJSON *root);
int tokenizer_read_added_map(struct tokenizer *tokenizer, const cJSON *root);
int tokenizer_read_simple(struct tokenizer *tokenizer, const char *text, size_t size);

#endif
