/* SPDX-License-Identifier: Apache-2.0
 * A GGUF of CLIP as weights: clip.cpp's (F32, F16, BF16, Q8_0), or our own blob (int8 with a scale a row). */
#ifndef CONVERT_WEIGHTS_GGUF_H
#define CONVERT_WEIGHTS_GGUF_H

#include "blob/gguf.h"
#include "convert/read/weights.h"

struct weights_gguf {
    struct gguf gguf; /* its values */
    uint8_t *header;  /* that they lie in */
};

bool weights_gguf_is(struct storage *storage);
/* Fills weights->tensors and weights->gguf from `in`. Errors: FILE, LIMIT, MEMORY. */
int weights_gguf_read(struct weights *weights, struct storage *in);
void weights_gguf_close(struct weights *weights);

#endif
