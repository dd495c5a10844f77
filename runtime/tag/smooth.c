/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/smooth.h"

#include <math.h>

float smooth_step(struct smooth *smooth, float x, int64_t now_ms, int64_t constant_ms) {
    bool follows = smooth->started && now_ms >= smooth->at_ms && now_ms - smooth->at_ms <= SMOOTH_PAUSE_MS;
    double weight = 1; /* of x */
    if (follows && constant_ms > 0) weight = -expm1(-(double)(now_ms - smooth->at_ms) / (double)constant_ms);
    double value = follows ? (double)smooth->value + weight * ((double)x - (double)smooth->value) : (double)x;
    *smooth = (struct smooth){.started = true, .value = (float)value, .at_ms = now_ms};
    return smooth->value;
}
