/* SPDX-License-Identifier: Apache-2.0
 * How a model makes scores of cosines, in double: CLIP's softmax over all, or SigLIP's sigmoid of each. */
#ifndef SCORE_RULE_H
#define SCORE_RULE_H

#include <stdbool.h>
#include <stddef.h>

struct ocelli_info;

/* logit = scale * cosine + bias. */
struct score_rule {
    bool sigmoid;       /* each score is 1 / (1 + exp(-logit)); else softmax of the logits, which no bias changes */
    double scale, bias; /* bias: 0 for a softmax */
};

struct score_rule score_rule_of(const struct ocelli_info *info);

/* With logits divided by a temperature. */
struct score_rule score_rule_at(const struct score_rule *rule, double temperature);

/* cosines: (count), `count` not 0. The score of number `at`. */
double score_rule_score(const struct score_rule *rule, const float *cosines, size_t count, size_t at);

/* All of them. scores: (count). */
void score_rule_scores(const struct score_rule *rule, const float *cosines, size_t count, float *scores);

/* Negative log-likelihood, natural logarithm, if `label` is the right one. Softmax: the cross entropy (open_clip's
 * ClipLoss, one row). Sigmoid: the sum over all cosines of the binary cross entropy (SigLipLoss, one row). */
double score_rule_nll(const struct score_rule *rule, const float *cosines, size_t count, size_t label);

/* Its derivative by the logarithm of the temperature, at the rule's own. */
double score_rule_nll_slope(const struct score_rule *rule, const float *cosines, size_t count, size_t label);

/* The least nll of scores that know nothing but that one of `count` is right. */
double score_rule_guessing(const struct score_rule *rule, size_t count);

#endif
