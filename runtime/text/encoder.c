/* SPDX-License-Identifier: Apache-2.0 */
#include "text/encoder.h"

#include <stdlib.h>

struct encoder {
    struct bpe *bpe; /* one of the two */
    struct sentencepiece *sp;
};

struct encoder *encoder_of(struct bpe *bpe, struct sentencepiece *sp) {
    struct encoder *e = malloc(sizeof *e);
    if (e) *e = (struct encoder){bpe, sp};
    if (!e) bpe_destroy(&bpe), sentencepiece_destroy(&sp);
    return e;
}

void encoder_destroy(struct encoder **encoder) {
    if (!encoder || !*encoder) return;
    bpe_destroy(&(*encoder)->bpe);
    sentencepiece_destroy(&(*encoder)->sp);
    free(*encoder);
    *encoder = NULL;
}

bool encoder_is_clip(const struct encoder *encoder) {
    return encoder && encoder->bpe;
}

int encoder_encode(const struct encoder *encoder, const char *text, size_t length, int32_t *ids, size_t *count) {
    return encoder->bpe ? bpe_encode(encoder->bpe, text, length, ids, count)
                        : sentencepiece_encode(encoder->sp, text, length, ids, count);
}
