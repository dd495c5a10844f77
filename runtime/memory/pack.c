/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/pack.h"

#include <math.h>

static float scale_of(const float *unit, size_t n, float most) {
    float largest = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(unit[i])) return 0;
        largest = fmaxf(largest, fabsf(unit[i]));
    }
    return largest / most;
}

float pack_picture(const float *unit, size_t count, int8_t *packed) {
    float scale = scale_of(unit, count, 127);
    for (size_t i = 0; scale > 0 && i < count; i++) packed[i] = (int8_t)lrintf(unit[i] / scale);
    return scale;
}

float pack_text(const float *unit, size_t count, int16_t *packed) {
    float scale = scale_of(unit, count, 2047);
    for (size_t i = 0; scale > 0 && i < count; i++) packed[i] = (int16_t)lrintf(unit[i] / scale);
    return scale;
}

int32_t pack_dot(const int8_t *picture, const int16_t *text, size_t count) {
    int32_t sum = 0; /* at most 127 * 2047 * PACK_MOST < 2^31 */
    for (size_t i = 0; i < count; i++) sum += picture[i] * text[i];
    return sum;
}

void pack_restore(const int8_t *packed, size_t count, float *unit) {
    int64_t squares = 0;
    for (size_t i = 0; i < count; i++) squares += packed[i] * packed[i];
    double length = squares ? sqrt((double)squares) : 1;
    for (size_t i = 0; i < count; i++) unit[i] = (float)(packed[i] / length);
}
