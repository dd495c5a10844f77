/* SPDX-License-Identifier: Apache-2.0
 * From how often each level was crossed to the level that is crossed a wanted number of times, also
 * where that is rarer than what was seen. */
#ifndef TAG_TAIL_H
#define TAG_TAIL_H

#include "tag/background.h"

/* Above `base`, reached `count` times: count * (1 + shape * (u - base) / scale) ^ (-1 / shape) times at
 * u, a generalised Pareto tail (Pickands 1975); count * exp(-(u - base) / scale) for shape 0. */
struct tail {
    double base, count, scale, shape;
};

/* Fits the tail of counts (see background_counts()) for a level crossed about `wanted` times. Counts that stand apart
 * above a gap are no part of it: they come from the things looked for, when they were in view. false: too little was
 * seen. */
bool tail_fit(struct tail *tail, const struct background *grid, const double counts[BACKGROUND_BINS], double wanted);

/* The level that is crossed so many times. */
double tail_level(const struct tail *tail, double count);

/* How far up the count falls to 1/e of what it is at `level`, by the slope there. */
double tail_scale_at(const struct tail *tail, double level);

/* How many times the level is crossed; below the base that of the base. */
double tail_count(const struct tail *tail, double level);

#endif
