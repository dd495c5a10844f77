/* SPDX-License-Identifier: Apache-2.0
 * From a token's name to its id: a hash table, needed only while the merges are read. */
#ifndef TEXT_VOCAB_H
#define TEXT_VOCAB_H

#include "text/bpe.h"

#define VOCAB_NONE UINT32_MAX

struct vocab {
    const struct bpe_text *tokens; /* position = id; the caller's */
    uint32_t *slots;               /* (mask + 1) ids or VOCAB_NONE */
    uint32_t mask;
};

/* `file` is for messages. Errors: FILE (an empty name, two tokens of one name), MEMORY. */
int vocab_init(struct vocab *vocab, const struct bpe_text *tokens, uint32_t count, const char *file);
void vocab_finish(struct vocab *vocab);

/* The id of the token named `left` followed by `right`, or VOCAB_NONE. */
uint32_t vocab_find(const struct vocab *vocab, struct bpe_text left, struct bpe_text right);

#endif
