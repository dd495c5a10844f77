/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/calibrate.h"

#include <math.h>

/* off below on, in standard deviations of the background: enough that noise does not end an alarm at
 * once and count it again. */
#define GAP 0.5

/* Scales of the tail above the threshold: the background goes there 1/400 as often. A rise that ends further up was the
 * thing itself, and must not raise its own threshold. */
#define CLEAR 6.0

/* Day and night are apart when one reaches the common level so many times as often, beyond chance. */
#define APART_RATIO 2.0
#define APART_SIGMAS 3.0

enum { BOTH = (1 << BACKGROUND_REGIMES) - 1, FIRST_PERIOD_S = 30, DAY_S = 86400 };

static bool clear_event(const struct calibrate_level *l, float peak) {
    return l->known && (double)peak > l->on + CLEAR * tail_scale_at(&l->tail, l->on);
}

/* Follows the margin up and down; turns that are smaller than the gap are none. A rise that has ended
 * is one alarm for every level that it passed, from a gap over its valley to its peak. */
static void follow(struct calibrate *calibrate, float margin, enum background_regime regime) {
    const struct calibrate_level *l = &calibrate->level[regime];
    float gap = (float)l->gap;
    if (gap <= 0) return;
    if (!calibrate->started) {
        calibrate->started = true, calibrate->rising = false, calibrate->valley = margin;
    } else if (calibrate->rising) {
        calibrate->peak = fmaxf(calibrate->peak, margin);
        if (margin >= calibrate->peak - gap) return;
        if (!clear_event(l, calibrate->peak))
            background_leg(&calibrate->background, regime, calibrate->valley + gap, calibrate->peak);
        calibrate->rising = false, calibrate->valley = margin;
    } else {
        calibrate->valley = fminf(calibrate->valley, margin);
        if (margin >= calibrate->valley + gap) calibrate->rising = true, calibrate->peak = margin;
    }
}

void calibrate_pause(struct calibrate *calibrate) {
    calibrate->started = false;
}

void calibrate_take(struct calibrate *calibrate, float margin, double seconds, enum background_regime regime, bool on) {
    if (!on) background_time(&calibrate->background, regime, margin, seconds);
    follow(calibrate, margin, regime);
    calibrate->since += seconds;
}

bool calibrate_due(const struct calibrate *calibrate) {
    return calibrate->since >= fmax(calibrate->next, FIRST_PERIOD_S);
}

void calibrate_step(struct calibrate *calibrate, float margin, double seconds, enum background_regime regime, bool on,
                    double false_alarms) {
    calibrate_take(calibrate, margin, seconds, regime, on);
    if (calibrate_due(calibrate)) calibrate_renew(calibrate, false_alarms);
}

void calibrate_renew(struct calibrate *calibrate, double false_alarms) {
    background_forget(&calibrate->background, exp2(-calibrate->since / CALIBRATE_HALF_LIFE_S));
    calibrate_refresh(calibrate, false_alarms);
    calibrate->next =
        fmin(fmax(2 * calibrate->next, 2 * FIRST_PERIOD_S), CALIBRATE_PERIOD_S); /* soon at first: the gap is wanted */
    calibrate->since = 0;
}

static struct calibrate_level level_of(const struct background *b, unsigned parts, double false_alarms) {
    double counts[BACKGROUND_BINS], seconds = background_seconds(b, parts);
    struct calibrate_level l = {.days = seconds / DAY_S};
    if (b->step == 0) return l;
    l.gap = fmax(GAP * background_spread(b, parts), b->step);
    background_counts(b, parts, counts);
    l.known = seconds >= CALIBRATE_MIN_S && tail_fit(&l.tail, b, counts, false_alarms * l.days);
    if (l.known) l.on = tail_level(&l.tail, false_alarms * l.days);
    return l;
}

static double count_at(const struct background *b, unsigned parts, double level) {
    double counts[BACKGROUND_BINS];
    background_counts(b, parts, counts);
    double bin = fmin(fmax(ceil((level - b->low) / b->step), 0), BACKGROUND_BINS - 1);
    return counts[(int)bin];
}

/* Do they reach the base of the common tail at different rates? */
static bool differ(const struct background *b, const struct calibrate_level *common) {
    double day = count_at(b, 1 << BACKGROUND_DAY, common->tail.base), day_s = b->part[BACKGROUND_DAY].seconds;
    double night = count_at(b, 1 << BACKGROUND_NIGHT, common->tail.base), night_s = b->part[BACKGROUND_NIGHT].seconds;
    if (day_s < CALIBRATE_MIN_S || night_s < CALIBRATE_MIN_S) return false;
    double ratio = fabs(log(((day + 0.5) / day_s) / ((night + 0.5) / night_s))); /* 0.5: none seen is not never */
    return ratio > log(APART_RATIO) && ratio > APART_SIGMAS * sqrt(1 / (day + 0.5) + 1 / (night + 0.5));
}

void calibrate_refresh(struct calibrate *calibrate, double false_alarms) {
    const struct background *b = &calibrate->background;
    struct calibrate_level common = level_of(b, BOTH, false_alarms), each[BACKGROUND_REGIMES];
    calibrate->apart = common.known && differ(b, &common);
    for (int r = 0; r < BACKGROUND_REGIMES; r++) {
        if (calibrate->apart) each[r] = level_of(b, 1u << r, false_alarms);
        calibrate->apart = calibrate->apart && each[r].known;
    }
    for (int r = 0; r < BACKGROUND_REGIMES; r++) calibrate->level[r] = calibrate->apart ? each[r] : common;
}

double calibrate_percentile(const struct calibrate *calibrate, enum background_regime regime, float margin) {
    if (!calibrate->level[regime].known) return NAN;
    return 100 * background_below(&calibrate->background, calibrate->apart ? 1u << regime : BOTH, margin);
}

double calibrate_alarms_a_day(const struct calibrate *calibrate, enum background_regime regime, float margin) {
    const struct calibrate_level *l = &calibrate->level[regime];
    return l->known ? tail_count(&l->tail, (double)margin) / l->days : NAN;
}
