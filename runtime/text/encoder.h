/* SPDX-License-Identifier: Apache-2.0
 * A model's tokenizer, of whatever kind. */
#ifndef TEXT_ENCODER_H
#define TEXT_ENCODER_H

#include "text/sentencepiece.h"

#include <stdbool.h>

struct encoder;

/* Takes over the one that is not NULL. NULL: out of memory; both are freed then. */
struct encoder *encoder_of(struct bpe *bpe, struct sentencepiece *sp);
/* Frees and sets *encoder to NULL. Accepts NULL and a pointer to NULL. */
void encoder_destroy(struct encoder **encoder);

/* As bpe_encode() or sentencepiece_encode(): ids has room for the context it was made with. */
int encoder_encode(const struct encoder *encoder, const char *text, size_t length, int32_t *ids, size_t *count);

/* Is it CLIP's? Those models have learnt English only. */
bool encoder_is_clip(const struct encoder *encoder);

#endif
