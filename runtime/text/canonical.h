/* SPDX-License-Identifier: Apache-2.0
 * What toolkits do to a text before a SentencePiece tokenizer; which one is a key of the blob (docs/blob.md). */
#ifndef TEXT_CANONICAL_H
#define TEXT_CANONICAL_H

#include "text/clean.h"

enum canonical_rule {
    CANONICAL_NONE,             /* as it is */
    CANONICAL_LOWER,            /* lower case, each character for itself: transformers' Siglip2Tokenizer */
    CANONICAL_SIGLIP,           /* lower case, no ASCII punctuation, blanks to one: transformers' SiglipTokenizer */
    CANONICAL_OPEN_CLIP,        /* the same, with HTML unescaped and _ a blank: open_clip's 'canonicalize' */
    CANONICAL_OPEN_CLIP_BLANKS, /* HTML unescaped, blanks to one: open_clip's 'whitespace' */
    CANONICAL_OPEN_CLIP_BLANKS_LOWER, /* and lower case: open_clip's 'lower' */
    CANONICAL_RULES,
};

/* How the blob calls it, by rule. */
extern const char *const canonical_names[CANONICAL_RULES];

/* *out: terminated UTF-8 of *out_length bytes, to be freed with free(); NULL on error. `text` is UTF-8. Errors: MEMORY.
 */
int canonical_text(enum canonical_rule rule, const char *text, size_t length, char **out, size_t *out_length);

#endif
