/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/score_rule.h"
#include "ocelli.h"

#include <math.h>

struct score_rule score_rule_of(const struct ocelli_info *info) {
    return (struct score_rule){info->score_sigmoid != 0, (double)info->logit_scale, (double)info->logit_bias};
}

struct score_rule score_rule_at(const struct score_rule *rule, double temperature) {
    return (struct score_rule){rule->sigmoid, rule->scale / temperature, rule->bias / temperature};
}

static double logit(const struct score_rule *rule, float cosine) {
    return rule->scale * (double)cosine + rule->bias;
}

/* log(sum(exp(logits))), without overflow. */
static double log_sum(const struct score_rule *rule, const float *cosines, size_t count) {
    float best = cosines[0]; /* not fmax(): gcc 12 for arm64 crashes when it makes vectors of it */
    for (size_t i = 1; i < count; i++)
        if (cosines[i] > best) best = cosines[i];
    double most = logit(rule, best), sum = 0;
    for (size_t i = 0; i < count; i++) sum += exp(logit(rule, cosines[i]) - most);
    return most + log(sum);
}

static double sigmoid(double x) {
    return 1 / (1 + exp(-x)); /* exp() may give infinity, the quotient is then 0 */
}

/* log(1 + exp(x)), without overflow: -log(sigmoid(-x)). */
static double softplus(double x) {
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

double score_rule_score(const struct score_rule *rule, const float *cosines, size_t count, size_t at) {
    double x = logit(rule, cosines[at]);
    return rule->sigmoid ? sigmoid(x) : exp(x - log_sum(rule, cosines, count));
}

void score_rule_scores(const struct score_rule *rule, const float *cosines, size_t count, float *scores) {
    double all = rule->sigmoid ? 0 : log_sum(rule, cosines, count);
    for (size_t i = 0; i < count; i++) {
        double x = logit(rule, cosines[i]);
        scores[i] = (float)(rule->sigmoid ? sigmoid(x) : exp(x - all));
    }
}

double score_rule_nll(const struct score_rule *rule, const float *cosines, size_t count, size_t label) {
    if (!rule->sigmoid) return log_sum(rule, cosines, count) - logit(rule, cosines[label]);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        double x = logit(rule, cosines[i]);
        sum += softplus(i == label ? -x : x);
    }
    return sum;
}

/* Both are sums of (score - right) * logit / T, with a minus as T divides; written so that nothing cancels where the
 * scores are next to 0 and 1. */
double score_rule_nll_slope(const struct score_rule *rule, const float *cosines, size_t count, size_t label) {
    double all = rule->sigmoid ? 0 : log_sum(rule, cosines, count), own = logit(rule, cosines[label]), sum = 0;
    for (size_t i = 0; i < count; i++) {
        double x = logit(rule, cosines[i]);
        if (!rule->sigmoid)
            sum -= exp(x - all) * (x - own);
        else
            sum -= i == label ? -sigmoid(-x) * x : sigmoid(x) * x;
    }
    return sum;
}

double score_rule_guessing(const struct score_rule *rule, size_t count) {
    double n = (double)count;
    if (!rule->sigmoid) return log(n);
    return count > 1 ? log(n) + (n - 1) * log(n / (n - 1)) : 0; /* each score 1 / n */
}
