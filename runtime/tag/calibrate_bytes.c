/* SPDX-License-Identifier: Apache-2.0
 * What was learnt, as bytes and back. The bytes come from a file: nothing in them is believed. */
#include "tag/calibrate.h"

#include <math.h>
#include <string.h>

static uint8_t *put_floats(uint8_t *at, const float *values) {
    for (int i = 0; i < BACKGROUND_BINS; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        at = span_put(at, bits, 4);
    }
    return at;
}

void calibrate_save(const struct calibrate *calibrate, uint8_t *bytes) {
    const struct background *b = &calibrate->background;
    const double head[4] = {b->low, b->step, b->under, b->over};
    for (int i = 0; i < 4; i++) bytes = span_put_double(bytes, head[i]);
    for (int r = 0; r < BACKGROUND_REGIMES; r++) {
        bytes = span_put_double(bytes, b->part[r].seconds);
        bytes = put_floats(bytes, b->part[r].time);
        bytes = put_floats(bytes, b->part[r].legs);
    }
}

/* NAN is in no range. */
static bool get_double(struct span *s, double least, double most, double *value) {
    uint64_t bits;
    if (!span_u64(s, &bits)) return false;
    memcpy(value, &bits, sizeof bits);
    return *value >= least && *value <= most;
}

static bool get_floats(struct span *s, float least, float most, float *values) {
    for (int i = 0; i < BACKGROUND_BINS; i++) {
        uint32_t bits;
        if (!span_u32(s, &bits)) return false;
        memcpy(&values[i], &bits, sizeof bits);
        if (!(values[i] >= least && values[i] <= most)) return false;
    }
    return true;
}

/* Nothing seen, or what doubling the first step gives. */
static bool sane(const struct background *b) {
    int exponent;
    if (b->step == 0) return b->low == 0 && background_seconds(b, ~0u) == 0;
    double low = b->low / BACKGROUND_FIRST_STEP; /* exact: a power of two */
    return b->step >= BACKGROUND_FIRST_STEP && frexp(b->step, &exponent) == 0.5 && floor(low) == low;
}

bool calibrate_restore(struct calibrate *calibrate, struct span *bytes) {
    const double most_s = 1e12; /* no sum of seconds loses a frame's below that */
    *calibrate = (struct calibrate){0};
    struct background *b = &calibrate->background;
    bool good = get_double(bytes, -16, 16, &b->low) && get_double(bytes, 0, BACKGROUND_WIDEST_STEP, &b->step) &&
                get_double(bytes, 0, most_s, &b->under) && get_double(bytes, 0, most_s, &b->over);
    for (int r = 0; good && r < BACKGROUND_REGIMES; r++)
        good = get_double(bytes, 0, most_s, &b->part[r].seconds) && get_floats(bytes, 0, 1e12f, b->part[r].time) &&
               get_floats(bytes, -1e9f, 1e9f, b->part[r].legs);
    good = good && sane(b);
    if (!good) *calibrate = (struct calibrate){0};
    return good;
}
