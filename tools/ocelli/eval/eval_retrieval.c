/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_retrieval.h"
#include "base/log.h"
#include "ocelli/common/score_rule.h"
#include "ocelli/eval/eval_metrics.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const size_t eval_recall_at[EVAL_RECALLS] = {1, 5, 10};

static size_t text_rank(const struct eval_pairs *p, const float *row, size_t picture) {
    size_t best = p->text_count;
    for (size_t i = 0; i < p->text_count; i++)
        if (p->of[i] == picture && (best == p->text_count || row[i] > row[best])) best = i;
    return eval_rank(row, p->text_count, best);
}

static void recalls(double out[EVAL_RECALLS], const size_t *ranks, size_t count) {
    for (size_t k = 0; k < EVAL_RECALLS; k++) {
        size_t found = 0;
        for (size_t i = 0; i < count; i++) found += ranks[i] < eval_recall_at[k];
        out[k] = (double)found / (double)count;
    }
}

static void rank_all(struct eval_retrieval *r, const struct eval_pairs *p, float *row) {
    for (size_t i = 0; i < p->text_count; i++) {
        eval_cosines(p->texts + i * p->n, 1, p->pictures, p->picture_count, p->n, row);
        r->picture_rank[i] = eval_rank(row, p->picture_count, p->of[i]);
    }
    for (size_t i = 0; i < p->picture_count; i++) {
        eval_cosines(p->pictures + i * p->n, 1, p->texts, p->text_count, p->n, row);
        r->text_rank[i] = text_rank(p, row, i);
    }
    recalls(r->image, r->picture_rank, p->text_count);
    recalls(r->text, r->text_rank, p->picture_count);
}

/* The first text of each picture, in the pictures' order. */
static void first_texts(const struct eval_pairs *p, float *texts) {
    for (size_t i = p->text_count; i-- > 0;) memcpy(texts + p->of[i] * p->n, p->texts + i * p->n, p->n * sizeof *texts);
}

/* queries, answers: (count, n); the answer to a query has its index. */
static double loss(const float *queries, const float *answers, size_t count, size_t n,
                   const struct score_rule *rule, float *row) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        eval_cosines(queries + i * n, 1, answers, count, n, row);
        sum += score_rule_nll(rule, row, count, i);
    }
    return sum / (double)count;
}

int eval_retrieval_init(struct eval_retrieval *r, const struct eval_pairs *p, const struct score_rule *rule) {
    *r = (struct eval_retrieval){.loss_text = 0};
    r->picture_rank = calloc(p->text_count, sizeof *r->picture_rank);
    r->text_rank = calloc(p->picture_count, sizeof *r->text_rank);
    float *row = calloc(p->text_count, sizeof *row); /* there are no fewer texts than pictures */
    float *texts = calloc(p->picture_count, p->n * sizeof *texts);
    bool good = r->picture_rank && r->text_rank && row && texts;
    if (good) {
        rank_all(r, p, row);
        first_texts(p, texts);
        r->loss_image = loss(p->pictures, texts, p->picture_count, p->n, rule, row);
        r->loss_text = loss(texts, p->pictures, p->picture_count, p->n, rule, row);
    }
    free(row);
    free(texts);
    return good ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu captions", p->text_count);
}

void eval_retrieval_finish(struct eval_retrieval *r) {
    free(r->picture_rank);
    free(r->text_rank);
    *r = (struct eval_retrieval){.loss_text = 0};
}
