/* SPDX-License-Identifier: Apache-2.0
 * How a tag's margin is distributed on the user's own scene, in bounded memory. It counts how long the margin was in
 * which bin, and how often it would have turned a tag on at each level. By day and by night apart. */
#ifndef TAG_BACKGROUND_H
#define TAG_BACKGROUND_H

#include <stdbool.h>
#include <stddef.h>

enum { BACKGROUND_BINS = 512, BACKGROUND_REGIMES = 2 };

/* Margins of a still scene differ by some 1e-3, and all lie within -2..2. */
#define BACKGROUND_FIRST_STEP (1.0 / (1 << 14))
#define BACKGROUND_WIDEST_STEP (8.0 / BACKGROUND_BINS)

enum background_regime { BACKGROUND_DAY, BACKGROUND_NIGHT };

struct background_part {
    double seconds;              /* seen, weighted by their age */
    float time[BACKGROUND_BINS]; /* seconds in each bin; what lies outside is in the nearest */
    float legs[BACKGROUND_BINS]; /* legs that end in the bin, less those that start in it */
};

/* A zeroed one has seen nothing. Bin k is low + k * step up to the next; both bounds grow by doubling
 * the step, which merges bins in pairs and loses no count. */
struct background {
    double low, step;
    double under, over; /* seconds outside */
    struct background_part part[BACKGROUND_REGIMES];
};

void background_time(struct background *background, enum background_regime regime, float margin, double seconds);

/* The margin rose through the levels above `from`, up to `to`: an alarm for a tag that has its
 * threshold at one of them. Nothing before the first background_time(). */
void background_leg(struct background *background, enum background_regime regime, float from, float to);

/* Makes all that was seen count `factor` times as much. */
void background_forget(struct background *background, double factor);

/* Sum of the regimes in `parts` (bits 1 << regime). */
double background_seconds(const struct background *background, unsigned parts);

/* counts[k]: alarms at level low + k * step. */
void background_counts(const struct background *background, unsigned parts, double counts[BACKGROUND_BINS]);

/* Share of the time that the margin was below, 0..1; 0 when nothing was seen. */
double background_below(const struct background *background, unsigned parts, float margin);

/* Half the distance of the quartiles over 0.6745: the standard deviation, were it normal. */
double background_spread(const struct background *background, unsigned parts);

#endif
