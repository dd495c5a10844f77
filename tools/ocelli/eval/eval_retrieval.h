/* SPDX-License-Identifier: Apache-2.0
 * Pictures and their captions: how often one finds the other among all, and the loss that the model was trained with. */
#ifndef EVAL_RETRIEVAL_H
#define EVAL_RETRIEVAL_H

#include <stddef.h>

struct score_rule;

enum { EVAL_RECALLS = 3 };
extern const size_t eval_recall_at[EVAL_RECALLS]; /* 1, 5, 10 */

struct eval_pairs {
    const float *pictures; /* (picture_count, n), unit vectors */
    const float *texts;    /* (text_count, n), unit vectors */
    const size_t *of;      /* (text_count): the picture of each text; each picture has a text */
    size_t picture_count, text_count, n;
};

struct eval_retrieval {
    size_t *picture_rank;         /* (text_count): pictures before the text's own; 0: it is first */
    size_t *text_rank;            /* (picture_count): texts before the first of the picture's own */
    double image[EVAL_RECALLS];   /* share of the texts whose picture is among the first K */
    double text[EVAL_RECALLS];    /* share of the pictures of which a text is among the first K */
    double loss_image, loss_text; /* nll of a picture over all texts, and the other way, by the model's rule; their mean
                                     is the loss that it was trained with (of a sigmoid both are the same sum). With the
                                     first text of each picture, all pictures in one batch */
};

/* Errors: MEMORY. */
int eval_retrieval_init(struct eval_retrieval *retrieval, const struct eval_pairs *pairs, const struct score_rule *rule);
/* Accepts a zeroed or failed one. */
void eval_retrieval_finish(struct eval_retrieval *retrieval);

#endif
