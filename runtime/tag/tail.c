/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/tail.h"

#include <math.h>

/* Crossings above the base: enough for the shape, few enough to be tail. At least; a quarter of the most
 * crossed level is the bulk's edge. Fewer than LEAST say nothing. */
enum { FEW = 100, MANY = 400, LEAST = 8 };

/* A stretch without a new top of so many scales parts events from background. A tail that falls exponentially has one
 * under its last two with a chance of exp(-2 * GAP) = 6e-6. */
#define GAP 6.0

/* Up from the most crossed level, never rising: a second hump further up is of something else. */
static int descend(const double counts[BACKGROUND_BINS], double out[BACKGROUND_BINS]) {
    int top = 0;
    for (int i = 1; i < BACKGROUND_BINS; i++)
        if (counts[i] > counts[top]) top = i;
    for (int i = 0; i < BACKGROUND_BINS; i++) out[i] = i <= top ? counts[top] : fmin(counts[i], out[i - 1]);
    return top;
}

/* The place where falling counts reach `count`, in bins and parts of one: log counts are about straight. */
static double place_of(const double counts[BACKGROUND_BINS], double count) {
    int i = 0;
    while (i < BACKGROUND_BINS && counts[i] >= count) i++;
    if (i == 0 || i == BACKGROUND_BINS) return i;
    double above = log(counts[i - 1]), below = log(fmax(counts[i], 0.5 * count));
    return i - 1 + (above - log(count)) / fmax(above - below, 1e-12);
}

/* Takes away what lies above a gap. */
static void part_events(double counts[BACKGROUND_BINS], double base) {
    double half = place_of(counts, base / 2);
    double scale = (half - place_of(counts, base)) / log(2);
    int gap = (int)ceil(fmax(GAP * scale, 2));
    for (int i = (int)half; i >= 0 && i + gap < BACKGROUND_BINS; i++) {
        double apart = counts[i + gap];
        if (counts[i] > base / 4 || !(apart > 0) || apart < 0.95 * counts[i]) continue;
        for (int k = 0; k < BACKGROUND_BINS; k++) counts[k] = fmax(counts[k] - apart, 0);
        return;
    }
}

/* Probability-weighted moments (Hosking and Wallis 1987). S is the share of crossings of the base that go on to x above
 * it. a0 = integral of S, a1 = half the integral of S squared. The shape is drawn to 0 as few crossings tell little of
 * it, and kept where the mean exists and thresholds stay sane. */
static void fit(struct tail *t, const double counts[BACKGROUND_BINS], double place, double step) {
    double a0 = 0, a1 = 0, x = place, s = 1;
    for (int i = (int)ceil(place); i < BACKGROUND_BINS && s > 0; i++) {
        double next = counts[i] / t->count;
        a0 += (i - x) * (s + next) / 2;
        a1 += (i - x) * (s * s + s * next + next * next) / 6;
        x = i, s = next;
    }
    double shape = a0 > 2 * a1 ? 2 - a0 / (a0 - 2 * a1) : 0;
    shape *= t->count / (t->count + FEW / 2);
    t->shape = fmin(fmax(shape, -0.3), 0.4);
    t->scale = fmax(a0 * (1 - t->shape), 0.5) * step;
}

bool tail_fit(struct tail *tail, const struct background *grid, const double counts[BACKGROUND_BINS], double wanted) {
    double falling[BACKGROUND_BINS];
    int top = descend(counts, falling);
    double count = fmin(fmin(fmax(4 * wanted, FEW), fmax(MANY, wanted)), falling[top] / 4);
    if (count < LEAST) return false;
    part_events(falling, count);
    count = fmin(count, falling[top] / 4);
    double place = place_of(falling, count);
    *tail = (struct tail){.base = grid->low + place * grid->step, .count = count};
    fit(tail, falling, place, grid->step);
    return true;
}

double tail_level(const struct tail *tail, double count) {
    double ratio = log(tail->count / count);
    return tail->base + tail->scale * (fabs(tail->shape) < 1e-6 ? ratio : expm1(tail->shape * ratio) / tail->shape);
}

double tail_scale_at(const struct tail *tail, double level) {
    return fmax(tail->scale + tail->shape * fmax(level - tail->base, 0), tail->scale / 4);
}

double tail_count(const struct tail *tail, double level) {
    double x = fmax(level - tail->base, 0) / tail->scale;
    if (fabs(tail->shape) < 1e-6) return tail->count * exp(-x);
    double inside = 1 + tail->shape * x; /* a shape below 0 ends */
    return inside > 0 ? tail->count * pow(inside, -1 / tail->shape) : 0;
}
