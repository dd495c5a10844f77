/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_plane.h"
#include "base/log.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MOST = 1000 };

struct parts {
    double *means;      /* (2, n): pictures, texts */
    double *covariance; /* (n, n), times the count */
    double *axes;       /* (2, n) */
    double *next;       /* (n) */
};

static const double *mean_of(const struct parts *p, size_t at, size_t pictures, size_t n) {
    return p->means + (at < pictures ? 0 : n);
}

static void fill_means(struct parts *p, const float *vectors, size_t pictures, size_t texts, size_t n) {
    for (size_t i = 0; i < pictures + texts; i++)
        for (size_t j = 0; j < n; j++)
            p->means[(i < pictures ? 0 : n) + j] +=
                (double)vectors[i * n + j] / (double)(i < pictures ? pictures : texts);
}

static void add_covariance(struct parts *p, const float *vector, const double *mean, size_t n) {
    for (size_t j = 0; j < n; j++) p->next[j] = (double)vector[j] - mean[j];
    for (size_t j = 0; j < n; j++)
        for (size_t k = j; k < n; k++) p->covariance[j * n + k] += p->next[j] * p->next[k];
}

static double length(const double *v, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += v[i] * v[i];
    return sqrt(sum);
}

static void remove_axis(double *v, const double *axis, size_t n) {
    double along = 0;
    for (size_t i = 0; i < n; i++) along += v[i] * axis[i];
    for (size_t i = 0; i < n; i++) v[i] -= along * axis[i];
}

static void multiply(const struct parts *p, const double *v, size_t n) {
    for (size_t j = 0; j < n; j++) {
        p->next[j] = 0;
        for (size_t k = 0; k < n; k++) p->next[j] += p->covariance[j * n + k] * v[k];
    }
}

/* Power iteration, across the axes found before. Gives the variance along it. The beginning is any fixed direction. */
static double find_axis(struct parts *p, size_t which, size_t n) {
    double *axis = p->axes + which * n, value = 0;
    for (size_t i = 0; i < n; i++) axis[i] = 1 + (double)((i * 7 + which * 3) % 11);
    for (int round = 0; round < ROUNDS_MOST; round++) {
        multiply(p, axis, n);
        if (which) remove_axis(p->next, p->axes, n);
        value = length(p->next, n);
        if (value < 1e-12) {
            memset(axis, 0, n * sizeof *axis);
            return 0;
        }
        double moved = 0;
        for (size_t i = 0; i < n; i++) {
            moved = fmax(moved, fabs(p->next[i] / value - axis[i]));
            axis[i] = p->next[i] / value;
        }
        if (moved < 1e-12) break;
    }
    return value;
}

/* An axis may point either way: its largest number is positive. */
static void set_sign(double *axis, size_t n) {
    size_t most = 0;
    for (size_t i = 1; i < n; i++)
        if (fabs(axis[i]) > fabs(axis[most])) most = i;
    if (axis[most] > 0) return;
    for (size_t i = 0; i < n; i++) axis[i] = -axis[i];
}

static void find_plane(struct eval_plane *plane, struct parts *p, size_t n) {
    double all = 0;
    for (size_t j = 0; j < n; j++) {
        all += p->covariance[j * n + j];
        for (size_t k = 0; k < j; k++) p->covariance[j * n + k] = p->covariance[k * n + j];
    }
    for (size_t a = 0; a < 2; a++) {
        double value = find_axis(p, a, n);
        plane->share[a] = all > 0 ? value / all : 0;
        set_sign(p->axes + a * n, n);
    }
}

int eval_plane(struct eval_plane *plane, const float *vectors, size_t pictures, size_t texts, size_t n, double *xy) {
    struct parts p = {calloc(2, n * sizeof(double)), calloc(n, n * sizeof(double)), calloc(2, n * sizeof(double)),
                      calloc(n, sizeof(double))};
    bool good = p.means && p.covariance && p.axes && p.next;
    *plane = (struct eval_plane){.gap = 0};
    if (good) {
        fill_means(&p, vectors, pictures, texts, n);
        for (size_t i = 0; i < pictures + texts; i++)
            add_covariance(&p, vectors + i * n, mean_of(&p, i, pictures, n), n);
        find_plane(plane, &p, n);
        for (size_t i = 0; i < pictures + texts; i++)
            for (size_t a = 0; a < 2; a++) {
                xy[i * 2 + a] = 0;
                for (size_t j = 0; j < n; j++)
                    xy[i * 2 + a] += ((double)vectors[i * n + j] - mean_of(&p, i, pictures, n)[j]) * p.axes[a * n + j];
            }
        for (size_t j = 0; j < n; j++) p.next[j] = p.means[j] - p.means[n + j];
        plane->gap = length(p.next, n);
    }
    free(p.means);
    free(p.covariance);
    free(p.axes);
    free(p.next);
    return good ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for a plane");
}
