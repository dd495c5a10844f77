/* SPDX-License-Identifier: Apache-2.0
 * The share of others above the k-th largest of n values is distributed as Beta(k, n - k + 1), whatever the values'
 * distribution (David and Nagaraja, Order Statistics, 2003, section 2.3). */
#include "policy/policy_learn.h"

#include <math.h>
#include <stdlib.h>

#define TAIL 0.025 /* at each end of an interval */
#define GRID 1e6   /* six decimals */
enum { TERMS = 500, HALVINGS = 60 };

/* ---- Beta distribution ---- */

static double away_from_0(double x) {
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method; it converges fast for x
 * below a / (a + b). */
static double fraction(double a, double b, double x) {
    double c = 1, d = 1 / away_from_0(1 - (a + b) * x / (a + 1)), f = d;
    for (int m = 1; m < TERMS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / away_from_0(1 + even * d), c = away_from_0(1 + even / c), f *= c * d;
        d = 1 / away_from_0(1 + odd * d), c = away_from_0(1 + odd / c);
        f *= c * d;
        if (fabs(c * d - 1) < 1e-12) break;
    }
    return f;
}

/* Probability of a value below x. */
static double beta_below(double a, double b, double x) {
    if (x <= 0 || x >= 1) return x >= 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * fraction(a, b, x) / a : 1 - front * fraction(b, a, 1 - x) / b;
}

static double beta_quantile(double a, double b, double share) {
    double low = 0, high = 1;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (beta_below(a, b, middle) < share)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct policy_interval policy_learn_share(size_t over, size_t count) {
    double k = (double)over, n = (double)count;
    return (struct policy_interval){over ? beta_quantile(k, n - k + 1, TAIL) : 0,
                                    over < count ? beta_quantile(k + 1, n - k, 1 - TAIL) : 1};
}

/* ---- thresholds ---- */

/* Of the share above the over-th largest; of none, above the largest. */
static struct policy_interval share_above(size_t over, size_t count) {
    double k = over ? (double)over : 1, b = (double)count - k + 1;
    return (struct policy_interval){over ? beta_quantile(k, b, TAIL) : 0, beta_quantile(k, b, 1 - TAIL)};
}

static bool fits(size_t over, size_t count, double budget) {
    return over && (double)over <= budget * ((double)count + 1) &&
           share_above(over, count).high <= POLICY_SLACK * budget;
}

/* The most that may reach the threshold; 0: too few values. */
static size_t most_over(size_t count, double budget) {
    size_t low = 0, high = (size_t)(budget * ((double)count + 1)) + 1;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (fits(middle, count, budget))
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t policy_learn_needs(double budget) {
    size_t low = 0, high = 1;
    while (!fits(1, high, budget)) low = high, high *= 2;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (fits(1, middle, budget))
            high = middle;
        else
            low = middle;
    }
    return high;
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The least number of six decimals above `value`. */
static double just_above(double value) {
    return (floor(value * GRID) + 1) / GRID;
}

/* As read back: the nearest double, of which a float is made. */
static size_t count_over(const double *values, size_t count, double threshold) {
    size_t over = 0;
    while (over < count && (float)values[count - 1 - over] >= (float)threshold) over++;
    return over;
}

bool policy_learn(double *values, size_t count, double budget, struct policy_level *level) {
    size_t most = most_over(count, budget);
    qsort(values, count, sizeof *values, rising);
    double below = count > most ? values[count - 1 - most] : -1; /* the largest that must not reach it */
    double threshold = most ? floor(values[count - most] * GRID) / GRID : just_above(below);
    if (threshold <= below) threshold = just_above(below); /* equal ones, or nearly so */
    size_t over = count_over(values, count, threshold);
    *level = (struct policy_level){threshold, count, over,
                                   count ? share_above(over, count) : (struct policy_interval){0, 1}};
    return most > 0;
}
