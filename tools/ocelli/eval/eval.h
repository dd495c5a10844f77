/* SPDX-License-Identifier: Apache-2.0
 * What `ocelli eval` found out, and those that show it. */
#ifndef EVAL_H
#define EVAL_H

#include "ocelli/common/score_rule.h"
#include "ocelli/eval/eval_bootstrap.h"
#include "ocelli/eval/eval_calibration.h"
#include "ocelli/eval/eval_input.h"
#include "ocelli/eval/eval_metrics.h"
#include "ocelli/eval/eval_plane.h"
#include "ocelli/eval/eval_retrieval.h"

#include <stdio.h>

enum { EVAL_VARIANTS = 8, EVAL_DRAWN = 2000 };

/* A model and its pictures. */
struct eval_model {
    const char *path;
    char name[128], device[128];
    size_t n;                        /* D */
    struct score_rule rule;
    float *vectors;                  /* (pictures, n) */
    float *texts;                    /* (texts, n), for pairs */
    struct eval_retrieval retrieval; /* for pairs */
};

/* A way to classify: a model with a set of templates. The first is what is evaluated, the others are compared. */
struct eval_variant {
    const char *name; /* a file of templates, or a model's */
    const struct eval_model *model;
    const char *templates; /* as told to people */
    float *classes;        /* (classes, n) */
    float *cosines;        /* (pictures, classes) */
    struct eval_metrics metrics;
    struct eval_calibration plain, fitted;
    double temperature;
    struct eval_difference top1, top5; /* against the first */
};

struct eval_result {
    struct eval_input *input;
    const char *dataset;
    bool pairs;
    struct eval_model models[2];
    size_t model_count;
    struct eval_variant variants[EVAL_VARIANTS];
    size_t variant_count;
    struct eval_difference image[EVAL_RECALLS], text[EVAL_RECALLS]; /* of two models, for pairs */
    struct eval_plane plane;
    size_t *drawn; /* (drawn_count): pictures in the plane */
    size_t drawn_count, drawn_texts;
    double *xy; /* (drawn_count + drawn_texts, 2) */
};

/* What `variant` is compared with, as told to people: the first set of templates, or the first model. */
static inline const char *eval_rival(const struct eval_result *r, const struct eval_variant *variant) {
    return variant->model == r->variants[0].model ? r->variants[0].name : r->models[0].path;
}

/* To standard output, for people. */
void eval_show(const struct eval_result *result);

/* One file each, to a stream; faults of writing are left to ferror(). */
void eval_write_json(FILE *to, const struct eval_result *result);    /* CLIP_benchmark's */
void eval_write_metrics(FILE *to, const struct eval_result *result); /* all numbers, as JSON */
void eval_write_pictures(FILE *to, const struct eval_result *result);
void eval_write_classes(FILE *to, const struct eval_result *result);
void eval_write_confusion(FILE *to, const struct eval_result *result);
void eval_write_reliability(FILE *to, const struct eval_result *result);
void eval_svg_confusion(FILE *to, const struct eval_result *result);
void eval_svg_reliability(FILE *to, const struct eval_result *result);
void eval_svg_plane(FILE *to, const struct eval_result *result);
void eval_write_page(FILE *to, const struct eval_result *result);

/* A pair of classes that are confused. */
struct eval_confused {
    size_t label, predicted, count;
};
/* The `most` most frequent ones, in order; gives how many there are. */
size_t eval_confused(const struct eval_metrics *metrics, struct eval_confused *list, size_t most);

/* Temperatures at a limit say nothing: NULL, else why. */
const char *eval_no_temperature(double temperature);

#endif
