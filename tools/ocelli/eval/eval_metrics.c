/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_metrics.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>

static const double Z95 = 1.959963984540054; /* of the normal distribution, both sides */

static double dot(const float *a, const float *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

void eval_cosines(const float *vectors, size_t count, const float *others, size_t other_count, size_t n,
                  float *cosines) {
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < other_count; j++)
            cosines[i * other_count + j] = (float)dot(vectors + i * n, others + j * n, n);
}

size_t eval_best(const float *row, size_t count) {
    size_t at = 0;
    for (size_t i = 1; i < count; i++)
        if (row[i] > row[at]) at = i;
    return at;
}

size_t eval_rank(const float *row, size_t count, size_t own) {
    size_t before = 0;
    for (size_t i = 0; i < count; i++) before += row[i] > row[own] || (i < own && row[i] >= row[own]);
    return before;
}

static double share(size_t part, size_t whole) {
    return whole ? (double)part / (double)whole : 0;
}

static void fill_class(struct eval_metrics *m, size_t k) {
    struct eval_class *c = &m->of[k];
    size_t right = m->confusion[k * m->classes + k];
    for (size_t i = 0; i < m->classes; i++) {
        c->support += m->confusion[k * m->classes + i];
        c->predicted += m->confusion[i * m->classes + k];
    }
    c->precision = share(right, c->predicted);
    c->recall = share(right, c->support);
    c->f1 = share(2 * right, c->support + c->predicted);
}

static void add(struct eval_class *sum, const struct eval_class *c, double weight) {
    sum->precision += weight * c->precision;
    sum->recall += weight * c->recall;
    sum->f1 += weight * c->f1;
}

static void fill_means(struct eval_metrics *m) {
    size_t with_pictures = 0, seen = 0;
    for (size_t k = 0; k < m->classes; k++) {
        with_pictures += m->of[k].support > 0;
        seen += m->of[k].support + m->of[k].predicted > 0;
    }
    for (size_t k = 0; k < m->classes; k++) {
        const struct eval_class *c = &m->of[k];
        m->mean_recall += c->recall / (double)with_pictures;
        if (c->support + c->predicted) add(&m->macro, c, 1 / (double)seen);
        add(&m->average, c, share(c->support, m->count));
    }
    m->macro.support = m->average.support = m->count;
}

int eval_metrics_init(struct eval_metrics *m, const float *cosines, const size_t *labels, size_t count,
                      size_t classes) {
    size_t right = 0, near = 0;
    *m = (struct eval_metrics){.count = count, .classes = classes};
    m->predicted = calloc(count, sizeof *m->predicted);
    m->rank = calloc(count, sizeof *m->rank);
    m->confusion = calloc(classes, classes * sizeof *m->confusion);
    m->of = calloc(classes, sizeof *m->of);
    if (!m->predicted || !m->rank || !m->confusion || !m->of)
        return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures and %zu classes", count, classes);
    for (size_t i = 0; i < count; i++) {
        const float *row = cosines + i * classes;
        m->predicted[i] = eval_best(row, classes);
        m->rank[i] = eval_rank(row, classes, labels[i]);
        m->confusion[labels[i] * classes + m->predicted[i]]++;
        right += m->rank[i] == 0;
        near += m->rank[i] < EVAL_TOP;
    }
    for (size_t k = 0; k < classes; k++) fill_class(m, k);
    fill_means(m);
    m->top1 = share(right, count);
    m->top5 = classes < EVAL_TOP ? (double)NAN : share(near, count);
    return OCELLI_OK;
}

void eval_metrics_finish(struct eval_metrics *m) {
    free(m->predicted);
    free(m->rank);
    free(m->confusion);
    free(m->of);
    *m = (struct eval_metrics){0};
}

void eval_share_interval(double p, size_t count, double *low, double *high) {
    double n = (double)count, zz = Z95 * Z95;
    double middle = (p + zz / (2 * n)) / (1 + zz / n);
    double half = Z95 / (1 + zz / n) * sqrt(p * (1 - p) / n + zz / (4 * n * n));
    *low = fmax(middle - half, 0), *high = fmin(middle + half, 1);
}
