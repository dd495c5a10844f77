/* SPDX-License-Identifier: Apache-2.0
 * The work of `ocelli eval`: from what the command line gave to the numbers. */
#ifndef EVAL_WORK_H
#define EVAL_WORK_H

#include "ocelli/eval/eval.h"
#include "ocelli/eval/eval_files.h"
#include "ocelli/options.h"
#include "prep/decode.h"
#include "ocelli/common/progress.h"
#include "tag/prompts.h"
#include "ocelli/common/tagset.h"

enum { EVAL_SETS = EVAL_VARIANTS - 1 };

/* What the command line gave. */
struct eval_request {
    struct arena arena;
    const char *dir, *labels, *pairs, *against, *dataset;
    struct prompts_list tags;      /* files of -T; --labels FILE.ini is one too */
    struct prompts_list templates; /* --template */
    struct prompts_list sets;      /* files of --templates */
    struct eval_outputs outputs;
    struct decode_rule rule;
    bool quiet;
};

/* The class prompts of each set of templates. */
struct evaluation {
    const struct eval_request *request;
    struct tagset_files files; /* of -T */
    struct tagset sets[EVAL_SETS];
    const char *set_names[EVAL_SETS];
    size_t set_count;
    struct eval_input input;
    struct eval_result result;
    struct progress progress;
};

/* Reads, embeds, measures, writes and shows. Finish it after a fault too. Errors: those of its parts. */
int eval_work(struct evaluation *evaluation, const struct options *options);
void eval_work_finish(struct evaluation *evaluation);

/* eval_embed.c: one model's classes, with each set of templates, and pictures. Then, once the pictures that cannot be
 * read are gone, its captions. */
int eval_use_model(struct evaluation *evaluation, const struct options *options, const char *path);
int eval_use_captions(struct evaluation *evaluation, const struct options *options, struct eval_model *model);

#endif
