/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_TOKENIZER_H
#define FUZZ_TOKENIZER_H

#include "fuzz.h"
#include "convert/tokenizer/tokenizer.h"

/* What was read makes a tokenizer, or a clean refusal of one. */
static inline void check_tokenizer(struct tokenizer *t) {
    for (size_t i = 0; i < t->token_count; i++)
        if (t->tokens[i].text[t->tokens[i].length] != 0) abort();
    for (size_t i = 0; i < t->merge_count; i++)
        if (t->merges[i].text[t->merges[i].length] != 0) abort();
    struct bpe_params params = {t->tokens,
                                t->token_count,
                                t->merges,
                                t->merge_count,
                                t->token_count > 1 ? (uint32_t)t->token_count - 2 : 0,
                                t->token_count > 0 ? (uint32_t)t->token_count - 1 : 0,
                                8,
                                "fuzz"};
    struct bpe *bpe = NULL;
    fuzz_judge(bpe_create(&bpe, &params));
    bpe_destroy(&bpe);
}

#endif
