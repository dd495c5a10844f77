/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/draw/strategy.h"
#include "base/log.h"
#include "ocelli/common/splitmix64.h"

#include <math.h>
#include <ocelli.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* As the paper has them, but the deviation's rate, which the paper sets for each problem. A deviation changes by no
 * more than a fifth in a step. */
static const float momentum = 0.9F, deviation_rate = 0.1F, deviation_change = 0.2F, radius_in_steps = 15;

/* ---- random numbers ---- */

float strategy_uniform(struct strategy *s) {
    return (float)(splitmix64(&s->random) >> 40) / 16777216;
}

/* Box and Muller's. */
float strategy_normal(struct strategy *s) {
    float radius = sqrtf(-2 * logf(1 - strategy_uniform(s)));
    return radius * cosf(6.2831853F * strategy_uniform(s));
}

/* ---- */

int strategy_init(struct strategy *s, size_t count, size_t pairs, float deviation, uint64_t seed) {
    *s = (struct strategy){.count = count, .pairs = pairs, .random = seed};
    s->mean = calloc(count, sizeof *s->mean);
    s->deviation = calloc(count, sizeof *s->deviation);
    s->velocity = calloc(count, sizeof *s->velocity);
    s->gradient = calloc(count, sizeof *s->gradient);
    s->steps = calloc(pairs, count * sizeof *s->steps);
    s->order = calloc(2 * pairs, sizeof *s->order);
    s->worth = calloc(2 * pairs, sizeof *s->worth);
    if (!s->mean || !s->deviation || !s->velocity || !s->gradient || !s->steps || !s->order || !s->worth)
        return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu numbers", count);
    for (size_t i = 0; i < count; i++) s->deviation[i] = deviation;
    s->speed = deviation * sqrtf((float)count) / radius_in_steps;
    return OCELLI_OK;
}

void strategy_finish(struct strategy *s) {
    free(s->mean);
    free(s->deviation);
    free(s->velocity);
    free(s->gradient);
    free(s->steps);
    free(s->order);
    free(s->worth);
    *s = (struct strategy){0};
}

void strategy_ask(struct strategy *s, float *candidates) {
    for (size_t p = 0; p < s->pairs; p++) {
        float *step = s->steps + p * s->count, *above = candidates + 2 * p * s->count, *below = above + s->count;
        for (size_t i = 0; i < s->count; i++) {
            step[i] = s->deviation[i] * strategy_normal(s);
            above[i] = s->mean[i] + step[i];
            below[i] = s->mean[i] - step[i];
        }
    }
}

/* ---- what the scores teach ---- */

static bool lower(float a, float b) {
    return a < b || (isnan(a) && !isnan(b));
}

/* By rank, from -1/2 (lowest) to 1/2: only the order of scores counts. Equal ones as they come. */
static void rank(struct strategy *s, const float *scores) {
    size_t count = 2 * s->pairs;
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at && lower(scores[i], scores[s->order[at - 1]]); at--) s->order[at] = s->order[at - 1];
        s->order[at] = i;
    }
    for (size_t i = 0; i < count; i++) s->worth[s->order[i]] = (float)i / (float)(count - 1) - 0.5F;
}

/* The mean goes where the better half of each pair lies. ClipUp: of the gradient only the direction counts, and the
 * velocity has a limit. */
static void move_mean(struct strategy *s) {
    double square = 0, speed = 0;
    memset(s->gradient, 0, s->count * sizeof *s->gradient);
    for (size_t p = 0; p < s->pairs; p++) {
        float half = (s->worth[2 * p] - s->worth[2 * p + 1]) / 2;
        for (size_t i = 0; i < s->count; i++) s->gradient[i] += half * s->steps[p * s->count + i];
    }
    for (size_t i = 0; i < s->count; i++) square += (double)s->gradient[i] * (double)s->gradient[i];
    float scale = square > 0 ? s->speed / 2 / (float)sqrt(square) : 0;
    for (size_t i = 0; i < s->count; i++) {
        s->velocity[i] = momentum * s->velocity[i] + scale * s->gradient[i];
        speed += (double)s->velocity[i] * (double)s->velocity[i];
    }
    float brake = speed > (double)s->speed * (double)s->speed ? s->speed / (float)sqrt(speed) : 1;
    for (size_t i = 0; i < s->count; i++) s->mean[i] += s->velocity[i] *= brake;
}

/* A deviation grows where far pairs do better than near ones. */
static void change_deviation(struct strategy *s) {
    for (size_t i = 0; i < s->count; i++) {
        float sum = 0, old = s->deviation[i];
        for (size_t p = 0; p < s->pairs; p++) {
            float step = s->steps[p * s->count + i], worth = (s->worth[2 * p] + s->worth[2 * p + 1]) / 2;
            sum += worth * (step * step - old * old) / old;
        }
        float change = deviation_rate * sum / (float)s->pairs, most = deviation_change * old;
        s->deviation[i] = old + fmaxf(-most, fminf(change, most));
    }
}

void strategy_tell(struct strategy *s, const float *scores) {
    rank(s, scores);
    move_mean(s);
    change_deviation(s);
}
