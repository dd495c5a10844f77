/* SPDX-License-Identifier: Apache-2.0
 * The vectors by which a board later judges itself: a picture and texts, embedded in float. The
 * same inputs tell what int8 cost. */
#ifndef CONVERT_SELFTEST_H
#define CONVERT_SELFTEST_H

#include "convert/gguf_write.h"
#include "convert/model.h"
#include "convert/tokenizer.h"

struct selftest_cosines {
    double image, text; /* worst of int8 weights against float ones */
};

/* Adds the tensors selftest.* and their keys. Errors: MEMORY, FILE. */
int selftest_write(struct gguf_write *writer, const struct model *model, const struct tokenizer *tokenizer,
                   struct selftest_cosines *cosines);

#endif
