/* SPDX-License-Identifier: Apache-2.0
 * Deterministic noise for simulated scenes. */
#ifndef TAG_NOISE_H
#define TAG_NOISE_H

#include <math.h>
#include <stdint.h>

static uint64_t noise_state = 1;

/* Uniform in 0..1, neither. A linear congruence (Knuth's MMIX), its upper bits. */
static inline double noise_uniform(void) {
    noise_state = noise_state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(noise_state >> 11) + 0.5) / 9007199254740992.0;
}

static inline double noise_normal(void) { /* Box and Muller */
    return sqrt(-2 * log(noise_uniform())) * cos(2 * 3.14159265358979323846 * noise_uniform());
}

/* Student's t with 4 degrees of freedom, divided to a standard deviation of 1: a heavy tail. */
static inline double noise_heavy(void) {
    double chi = -2 * log(noise_uniform() * noise_uniform()); /* chi squared of 4 */
    return noise_normal() / sqrt(chi / 4) / sqrt(2);
}

/* The next of an AR(1) process of standard deviation 1 with that correlation from frame to frame. */
static inline double noise_follow(double last, double correlation, double fresh) {
    return correlation * last + sqrt(1 - correlation * correlation) * fresh;
}

#endif
