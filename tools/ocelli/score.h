/* SPDX-License-Identifier: Apache-2.0
 * What `ocelli score` scores with: texts, each one vector. */
#ifndef SCORE_H
#define SCORE_H

#include "prep/decode.h"
#include "ocelli/common/tagset.h"

struct scorer {
    struct ocelli *handle;
    struct ocelli_tags *tags; /* NULL: no text was given */
    struct tagset set;        /* the texts, in order */
    struct decode_rule rule;
    uint32_t dimensions; /* D */
    bool json;
};

/* CLIP score as torchmetrics and most tables have it, and CLIPScore of Hessel et al. 2021 (arXiv 2104.08718), w = 2.5.
 */
static inline double score_of(double cosine) {
    return cosine > 0 ? 100 * cosine : 0;
}
static inline double score_clipscore(double cosine) {
    return cosine > 0 ? 2.5 * cosine : 0;
}

/* Answers each line of standard input until it ends. A library status: a line that cannot be answered is no error. */
int score_serve(struct scorer *scorer);

#endif
