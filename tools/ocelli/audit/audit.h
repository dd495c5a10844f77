/* SPDX-License-Identifier: Apache-2.0
 * What `ocelli audit` found out, and those that make and show it. */
#ifndef AUDIT_H
#define AUDIT_H

#include "ocelli/audit/audit_groups.h"
#include "ocelli/audit/audit_pairs.h"
#include "ocelli/common/score_rule.h"
#include "ocelli/eval/eval_bootstrap.h"
#include "ocelli/eval/eval_vectors.h"
#include "ocelli/options.h"

#include <stdio.h>

/* What the command line gave. */
struct audit_request {
    struct arena arena;
    const char *dir, *pairs, *labels;
    struct prompts_list texts, tags, templates;
    const char *json, *csv, *report, *folder; /* NULL: none; "-": standard output */
    struct decode_rule rule;
    double threshold; /* of the cosine; NaN: the best tag is selected */
    bool quiet;
};

/* The scores of one list of tags. */
struct audit_scores {
    float *cosines; /* (count, tags) */
    float *scores;  /* (count, tags): by the model's rule, over the tags */
    bool *selected; /* (count, tags) */
};

/* A tag of which a prompt has a word of the pair. */
struct audit_shift {
    size_t tag;
    const char *prompt, *swapped; /* the first of its prompts that changes */
    struct audit_mean cosine, score;
    struct eval_difference selection; /* first: as written; second: swapped */
};

/* What one pair of words changes. */
struct audit_swap {
    const struct audit_pair *pair;
    struct tagset set;          /* as written, with the words in each other's place */
    struct audit_shift *shifts; /* (count) */
    size_t count;
    size_t changed; /* pictures of which another tag is selected */
};

struct audit {
    const struct audit_request *request;
    struct eval_input input;
    struct tagset_files files;
    struct tagset set;
    struct audit_pairs pairs;
    struct audit_swap *swaps; /* (pairs.count) */
    char model[128], device[128];
    size_t n; /* D */
    struct score_rule rule;
    float *vectors; /* (pictures, D) */
    float *texts;   /* (1 + pairs, tags, D): as written, then of each pair */
    struct audit_scores scores;
    bool labelled;                   /* the pictures have labels */
    struct audit_fairness *fairness; /* (tags); NULL: there are no groups */
    double *accuracy;                /* (groups): share of the labelled pictures whose tag is the best; NaN: none */
    size_t *by_gap;                  /* (tags): the largest difference of selection first */
    struct progress progress;
};

/* Reads, embeds, measures. Finish it after a fault too. Errors: those of its parts. */
int audit_work(struct audit *audit, const struct options *options);
void audit_finish(struct audit *audit);
/* audit_measure.c: the numbers, once all is embedded. Errors: MEMORY. */
int audit_measure(struct audit *audit);
void audit_scores_finish(struct audit_scores *scores);

/* To standard output, for people. */
void audit_show(const struct audit *audit);
/* "the best tag is selected", or which cosine. */
void audit_decision(FILE *to, const struct audit *audit);

/* One file each, to a stream; faults of writing are left to ferror(). */
void audit_write_json(FILE *to, const struct audit *audit);
void audit_write_pairs(FILE *to, const struct audit *audit);
void audit_write_groups(FILE *to, const struct audit *audit);
void audit_write_pictures(FILE *to, const struct audit *audit);
void audit_write_page(FILE *to, const struct audit *audit);
/* All that was asked for, each whole or not at all. Errors: FILE, MEMORY. */
int audit_write(const struct audit *audit);
/* Then there is no summary. */
bool audit_to_stdout(const struct audit_request *request);

#endif
