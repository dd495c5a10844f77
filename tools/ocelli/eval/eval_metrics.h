/* SPDX-License-Identifier: Apache-2.0
 * How often a classifier is right, in numbers that scikit-learn and CLIP_benchmark compute from the same vectors. */
#ifndef EVAL_METRICS_H
#define EVAL_METRICS_H

#include <stddef.h>

/* Classes that top-5 needs, as CLIP_benchmark has it. */
enum { EVAL_TOP = 5 };

struct eval_class {
    double precision, recall, f1; /* 0 where there is nothing to divide by, as in scikit-learn */
    size_t support, predicted;    /* pictures of this class; pictures taken for it */
};

struct eval_metrics {
    size_t count, classes;
    size_t *predicted;         /* (count): the class with the highest cosine; of equal ones the first */
    size_t *rank;              /* (count): classes before the right one; 0: it is right */
    size_t *confusion;         /* (classes, classes): a row is the label, a column the prediction */
    struct eval_class *of;     /* (classes) */
    struct eval_class macro;   /* means over the classes that are a label or a prediction */
    struct eval_class average; /* the same, weighted by support */
    double top1, top5;         /* shares; top5 is NaN with fewer than EVAL_TOP classes */
    double mean_recall;        /* over the classes that have pictures (balanced accuracy) */
};

/* cosines: (count, classes); labels: (count), each less than `classes`. `count` and `classes` are not 0.
 * Errors: MEMORY. */
int eval_metrics_init(struct eval_metrics *metrics, const float *cosines, const size_t *labels, size_t count,
                      size_t classes);
/* Accepts a zeroed or failed one. */
void eval_metrics_finish(struct eval_metrics *metrics);

/* cosines: (count, other_count), of unit vectors (count, n) and (other_count, n). */
void eval_cosines(const float *vectors, size_t count, const float *others, size_t other_count, size_t n,
                  float *cosines);

/* Of a row of cosines: the highest one, of equal ones the first; and how many stand before number `own`. */
size_t eval_best(const float *row, size_t count);
size_t eval_rank(const float *row, size_t count, size_t own);

/* Wilson's interval, at 95 %, of a share that was seen in `count` tries. */
void eval_share_interval(double share, size_t count, double *low, double *high);

#endif
