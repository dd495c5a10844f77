/* SPDX-License-Identifier: Apache-2.0
 * What int8 cost: the towers' embeddings of all inputs, next to the float ones. */
#ifndef CONVERT_JUDGE_H
#define CONVERT_JUDGE_H

#include "convert/report/report.h"
#include "convert/walk.h"

struct judge_tower {
    double mean[REFERENCE_KINDS], worst[REFERENCE_KINDS]; /* cosines to float */
    size_t worst_input;                                   /* with int8 activations */
};

struct judge {
    struct judge_tower image, text;
    size_t pictures, texts;
    bool drawn;   /* the pictures are built-in ones */
    bool no_text; /* the texts' vectors are stored as floats: nothing was lost */
    size_t unusable;
    double first; /* share of pictures whose best text is the same as in float */
    double rank;  /* mean Spearman correlation of a picture's ranks of all texts */
    double ends, zeros;
    uint32_t products, balanced, floats; /* of both towers; balanced; with float inputs */
    char worst_input[128];
    double worst_cosine;
    uint64_t input_bytes;
    double seconds;
    char advice[400]; /* one or two sentences */
};

struct judge_of {
    const struct inputs *inputs;
    const struct walk_tower *images, *texts;
    uint32_t embedding;
    bool calibrated;
};

/* input_bytes, seconds and no_text are the caller's. Errors: MEMORY. */
int judge(struct judge *judge, const struct judge_of *of);
void judge_report(const struct judge *judge, const struct judge_of *of, struct report *report);
/* For people, several lines on stdout. */
void judge_print(const struct judge *judge);

#endif
