/* SPDX-License-Identifier: Apache-2.0
 * The work of `ocelli prompts --tune`: from what the command line gave to the ways and their gains. */
#ifndef TUNE_H
#define TUNE_H

#include "ocelli/eval/eval_vectors.h"
#include "ocelli/options.h"
#include "ocelli/tune/tune_choice.h"

#include <stdio.h>

struct tune_request {
    struct arena arena;
    const char *dir, *labels;
    struct prompts_list tags;       /* files of -T */
    struct prompts_list templates;  /* --template: what all are compared with; the first counts */
    struct prompts_list files;      /* files of --templates */
    struct prompts_list adjectives; /* --adjective */
    const char *output;             /* the snippet; NULL: none */
    struct decode_rule rule;
    size_t held_out; /* percent */
    bool quiet;
};

struct tune {
    const struct tune_request *request;
    struct tagset_files files;
    struct eval_input input;
    struct prompts_list candidates; /* templates, in request's arena */
    struct tune_data data;
    float *vectors, *prompts, *cosines; /* of `data` */
    bool *held;
    struct tune_result result;
    struct progress progress;
    char model[128], device[128];
    size_t chosen_count, held_count;
};

/* Finish it after a fault too. Errors: those of its parts. */
int tune_work(struct tune *tune, const struct options *options);
void tune_finish(struct tune *tune);

void tune_show(const struct tune *tune);
void tune_write_json(FILE *to, const struct tune *tune);
/* The winner as lines of an ini, which `-T` takes. */
void tune_write_ini(FILE *to, const void *tune);

#endif
