/* SPDX-License-Identifier: Apache-2.0
 * What the towers see while they are converted: the self-test's picture and texts first, then those that the ranges of
 * activations are taken of. */
#ifndef CONVERT_INPUTS_H
#define CONVERT_INPUTS_H

#include "convert/compute/reference.h"
#include "convert/tokenizer/tokenizer.h"
#include "tag/prompts.h"

enum { INPUTS_SELFTEST_PICTURES = 1, INPUTS_SELFTEST_TEXTS = 2, INPUTS_PICTURES_MOST = 64 };

struct inputs {
    struct arena arena;
    const uint8_t **pictures;   /* (picture_count): RGB, (size, size, 3) */
    const char **picture_names; /* files, or what was drawn */
    size_t picture_count;
    const char **texts; /* (text_count) */
    struct reference_text *ids;
    size_t text_count;
    bool drawn;      /* no picture is a user's */
    size_t unusable; /* files that could not be read */
};

/* Pictures and texts of the self-test alone, or (`calibrate`) built-in ones too; or with `folder` the pictures of it,
 * at most INPUTS_PICTURES_MOST, taken evenly. With `texts` (NULL: not so) these are the texts. Errors: FILE (no picture
 * there), MEMORY. */
int inputs_collect(struct inputs *inputs, const struct config *config, const struct tokenizer *tokenizer,
                   bool calibrate, const char *folder, const struct prompts_list *texts);
void inputs_finish(struct inputs *inputs);

#endif
