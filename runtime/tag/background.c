/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/background.h"

#include <math.h>

/* A bound moves when more than this share of the time lies past it, so that a single odd frame does not make
 * the bins coarse. */
#define OUTSIDE_SHARE 1e-4

enum { HALF = BACKGROUND_BINS / 2 };

static int bin_of(const struct background *b, double margin) {
    double bin = floor((margin - b->low) / b->step);
    return bin < 0 ? -1 : bin >= BACKGROUND_BINS ? BACKGROUND_BINS : (int)bin;
}

static int clamp_bin(int bin) {
    return bin < 0 ? 0 : bin < BACKGROUND_BINS ? bin : BACKGROUND_BINS - 1;
}

/* Pairs become one bin, from `to` on; the other half is empty. */
static void merge(float bins[BACKGROUND_BINS], int to) {
    float merged[HALF];
    for (int i = 0; i < HALF; i++) merged[i] = bins[2 * i] + bins[2 * i + 1];
    for (int i = 0; i < BACKGROUND_BINS; i++) bins[i] = i >= to && i < to + HALF ? merged[i - to] : 0;
}

static void grow(struct background *b, bool down) {
    for (int r = 0; r < BACKGROUND_REGIMES; r++) {
        merge(b->part[r].time, down ? HALF : 0);
        merge(b->part[r].legs, down ? HALF : 0);
    }
    if (down) b->low -= BACKGROUND_BINS * b->step;
    b->step *= 2;
    if (down) b->under = 0;
    if (!down) b->over = 0;
}

void background_time(struct background *background, enum background_regime regime, float margin, double seconds) {
    if (background->step ==
        0) { /* bounds on multiples of the step: floor() then gives the same bins on every machine */
        background->step = BACKGROUND_FIRST_STEP;
        background->low = (floor((double)margin / background->step) - HALF) * background->step;
    }
    int bin = bin_of(background, (double)margin);
    background->under += bin < 0 ? seconds : 0;
    background->over += bin == BACKGROUND_BINS ? seconds : 0;
    background->part[regime].time[clamp_bin(bin)] += (float)seconds;
    background->part[regime].seconds += seconds;
    double most = OUTSIDE_SHARE * background_seconds(background, ~0u);
    if (background->step < BACKGROUND_WIDEST_STEP && background->under > most) grow(background, true);
    if (background->step < BACKGROUND_WIDEST_STEP && background->over > most) grow(background, false);
}

void background_leg(struct background *background, enum background_regime regime, float from, float to) {
    if (background->step == 0) return;
    int start = bin_of(background, (double)from);
    float *legs = background->part[regime].legs;
    legs[clamp_bin(bin_of(background, (double)to))] += 1;
    if (start >= 0) legs[clamp_bin(start)] -= 1; /* else it crossed the lowest level too */
}

void background_forget(struct background *background, double factor) {
    for (int r = 0; r < BACKGROUND_REGIMES; r++) {
        struct background_part *p = &background->part[r];
        p->seconds *= factor;
        for (int i = 0; i < BACKGROUND_BINS; i++) p->time[i] *= (float)factor, p->legs[i] *= (float)factor;
    }
    background->under *= factor;
    background->over *= factor;
}

double background_seconds(const struct background *background, unsigned parts) {
    double seconds = 0;
    for (int r = 0; r < BACKGROUND_REGIMES; r++) seconds += parts >> r & 1 ? background->part[r].seconds : 0;
    return seconds;
}

static double time_in(const struct background *b, unsigned parts, int bin) {
    double seconds = 0;
    for (int r = 0; r < BACKGROUND_REGIMES; r++) seconds += parts >> r & 1 ? (double)b->part[r].time[bin] : 0;
    return seconds;
}

/* From the top: the few numbers of the tail are summed before the many below cancel. */
void background_counts(const struct background *background, unsigned parts, double counts[BACKGROUND_BINS]) {
    double sum = 0;
    for (int i = BACKGROUND_BINS - 1; i >= 0; i--) {
        for (int r = 0; r < BACKGROUND_REGIMES; r++) sum += parts >> r & 1 ? (double)background->part[r].legs[i] : 0;
        counts[i] = fmax(sum, 0);
    }
}

/* Not over part[].seconds: rounding of the floats would show as a share over 1. */
double background_below(const struct background *background, unsigned parts, float margin) {
    double below = 0, all = 0;
    if (background->step == 0) return 0;
    double place = ((double)margin - background->low) / background->step; /* in bins */
    for (int i = 0; i < BACKGROUND_BINS; i++) {
        double seconds = time_in(background, parts, i);
        all += seconds;
        below += seconds * fmin(fmax(place - i, 0), 1);
    }
    return all > 0 ? below / all : 0;
}

static double quantile(const struct background *b, unsigned parts, double share) {
    double all = 0, below = 0;
    for (int i = 0; i < BACKGROUND_BINS; i++) all += time_in(b, parts, i);
    for (int i = 0; i < BACKGROUND_BINS; i++) {
        double seconds = time_in(b, parts, i);
        if (seconds > 0 && below + seconds >= share * all)
            return b->low + b->step * (i + (share * all - below) / seconds);
        below += seconds;
    }
    return b->low;
}

double background_spread(const struct background *background, unsigned parts) {
    return (quantile(background, parts, 0.75) - quantile(background, parts, 0.25)) / (2 * 0.6745);
}
