/* SPDX-License-Identifier: Apache-2.0
 * Which templates classify labelled pictures best? They are chosen on one part of the pictures and measured on the
 * other, so that the gain is not that of luck in choosing. Floats only. */
#ifndef TUNE_CHOICE_H
#define TUNE_CHOICE_H

#include "ocelli/common/score_rule.h"
#include "ocelli/eval/eval_bootstrap.h"

#include <stdbool.h>
#include <stddef.h>

enum { TUNE_ENSEMBLE = 8 }; /* templates of a chosen ensemble at most */

/* Borrowed; the first candidate is what the others are compared with. */
struct tune_data {
    const float *cosines; /* (candidates, count, classes) */
    const float *prompts; /* (candidates, classes, n), unit length: of each class through each template */
    const size_t *labels; /* (count) */
    const bool *held;     /* (count): not to choose on */
    size_t candidates, count, classes, n;
    struct score_rule rule;
};

/* How good a set of templates is on a part of the pictures. */
struct tune_part {
    size_t count;
    double top1, nll;               /* nll: mean of score_rule_nll() */
    struct eval_difference against; /* the first candidate */
};

struct tune_way {
    size_t *members; /* (count): candidates whose vectors are averaged */
    size_t count;
    struct tune_part chosen, held;
};

struct tune_result {
    struct tune_way *ways;               /* (count): each candidate, in order; the ensemble; all of them */
    size_t count, ensemble, all, winner; /* indices */
    size_t *by_held;                     /* (count): the ways, the best on the held-out pictures first */
};

/* held: (count). A share of each class's pictures, at random with a fixed seed. */
void tune_split(bool *held, const size_t *labels, size_t count, size_t classes, double share);

/* The ensemble begins with the best candidate and takes, one after another, the template that helps most (Caruana et
 * al. 2004, forward selection). The winner is the best way on the pictures to choose on; of equally right ones that
 * with the smaller nll. Errors: MEMORY. */
int tune_choose(struct tune_result *result, const struct tune_data *data);
/* Accepts a zeroed or failed one. */
void tune_result_finish(struct tune_result *result);

#endif
