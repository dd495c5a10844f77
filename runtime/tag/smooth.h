/* SPDX-License-Identifier: Apache-2.0
 * Exponential smoothing by time, so that a dropped frame or another frame rate changes little. */
#ifndef TAG_SMOOTH_H
#define TAG_SMOOTH_H

#include <stdbool.h>
#include <stdint.h>

/* A longer time between frames is a pause: what was before says nothing any more. */
enum { SMOOTH_PAUSE_MS = 60000 };

/* A zeroed one has seen nothing. */
struct smooth {
    bool started;
    float value;
    int64_t at_ms;
};

/* The smoothed value with x at that time; constant_ms 0: x itself. Starts anew after a pause, and
 * when the clock went back. x is finite. */
float smooth_step(struct smooth *smooth, float x, int64_t now_ms, int64_t constant_ms);

#endif
