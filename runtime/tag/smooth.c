/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/smooth.h"

#include <math.h>

float smooth_step(struct smooth *s, float x, int64_t now_ms, int64_t constant_ms) {
    bool follows = s->started && now_ms >= s->at_ms && now_ms - s->at_ms <= SMOOTH_PAUSE_MS;
    double weight = 1; /* of x */
    if (follows && constant_ms > 0) weight = -expm1(-(double)(now_ms - s->at_ms) / (double)constant_ms);
    double value = follows ? (double)s->value + weight * ((double)x - (double)s->value) : (double)x;
    *s = (struct smooth){.started = true, .value = (float)value, .at_ms = now_ms};
    return s->value;
}
