/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/starter.h"
#include "base/log.h"
#include "tag/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In spreads: where "anything else" lies above the mean of the distractors; what a tag must have over its best rival to
 * turn on, and to stay on. Measured with the demo model (docs/tags.md). */
#define ANYTHING_ELSE 2.5
#define TO_TURN_ON 0.75
#define TO_STAY_ON 0.25

/* A scene that looks a little like the tag all the time asks for more: so many standard deviations above what the
 * margin was while the tag was off, but no more than so many spreads. */
#define ABOVE_USUAL 4.5
#define AT_MOST 2.0

/* The standard deviation of a still scene is less, in spreads. More is not noise, but other things that come and go. */
#define NOISE 0.6

/* What stands so many standard deviations out was rather the thing itself, missed: it counts as no more. */
#define OUTLIER 3.0

/* Less the mean of all: from this cosine on two texts mean about the same. */
#define ALIKE 0.6

/* Frames that the spread is a mean of, and that the past of a tag is. */
enum { FRAMES_MOST = 1000, PAST_MOST = 20000, PAST_FEW = 60 };

int starter_init(struct starter *s, struct arena *arena, const float *vectors, const char *const *texts, size_t count,
                 size_t size) {
    *s = (struct starter){.size = size};
    if (count > STARTER_MOST) return log_fail(OCELLI_ERR_LIMIT, "%zu distractors: %d at most", count, STARTER_MOST);
    if (!count) return OCELLI_OK;
    const char **names = arena_alloc(arena, count, sizeof *names);
    float *copy = arena_alloc(arena, count, size * sizeof *copy), *mean = arena_alloc(arena, size, sizeof *mean);
    bool good = names && copy && mean;
    for (size_t i = 0; good && i < count; i++)
        good = (names[i] = arena_copy(arena, texts[i], strlen(texts[i]))) != NULL;
    if (!good) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu distractors", count);
    memcpy(copy, vectors, count * size * sizeof *copy);
    for (size_t k = 0; k < size; k++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++) sum += (double)vectors[i * size + k];
        mean[k] = (float)(sum / (double)count);
    }
    s->vectors = copy, s->texts = names, s->mean = mean, s->count = count;
    return OCELLI_OK;
}

/* All texts of a model lie near each other: less their mean, those of another meaning are as good as orthogonal. */
static double centred_cosine(const float *a, const float *b, const float *mean, size_t size) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t k = 0; k < size; k++) {
        double x = (double)a[k] - (double)mean[k], y = (double)b[k] - (double)mean[k];
        ab += x * y, aa += x * x, bb += y * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

uint64_t starter_alike(const struct starter *s, const float *vector) {
    uint64_t alike = 0;
    for (size_t i = 0; i < s->count; i++)
        if (centred_cosine(vector, s->vectors + i * s->size, s->mean, s->size) > ALIKE) alike |= UINT64_C(1) << i;
    return alike;
}

/* By insertion: they are few, and their order changes little from frame to frame. */
static void put_in_order(struct starter *s) {
    for (size_t i = 0; i < s->count; i++) {
        size_t place = i;
        uint8_t index = s->frames ? s->order[i] : (uint8_t)i;
        for (; place && s->cosines[s->order[place - 1]] < s->cosines[index]; place--)
            s->order[place] = s->order[place - 1];
        s->order[place] = index;
    }
}

void starter_step(struct starter *s, const float *embedding) {
    double sum = 0, squares = 0, count = (double)s->count;
    if (!s->count) return;
    for (size_t i = 0; i < s->count; i++) {
        s->cosines[i] = score_cosine(s->vectors + i * s->size, embedding, s->size);
        sum += (double)s->cosines[i];
    }
    double mean = sum / count;
    for (size_t i = 0; i < s->count; i++) squares += ((double)s->cosines[i] - mean) * ((double)s->cosines[i] - mean);
    put_in_order(s);
    s->frames += s->frames < FRAMES_MOST;
    s->spread += (sqrt(squares / count) - s->spread) / s->frames;
    s->anything_else = (float)(mean + ANYTHING_ELSE * s->spread);
}

const char *starter_rival(const struct starter *s, uint64_t alike, float *cosine) {
    size_t i = 0;
    while (i < s->count && alike >> s->order[i] & 1) i++;
    *cosine = s->anything_else;
    if (i == s->count || s->cosines[s->order[i]] <= s->anything_else) return STARTER_ANYTHING_ELSE;
    *cosine = s->cosines[s->order[i]];
    return s->texts[s->order[i]];
}

void starter_past_take(struct starter_past *p, float margin) {
    p->frames += p->frames < PAST_MOST;
    double weight = 1.0 / p->frames, off = (double)margin - p->mean;
    if (p->frames > PAST_FEW) off = fmin(off, OUTLIER * sqrt(p->variance));
    p->mean += weight * off;
    p->variance = (1 - weight) * (p->variance + weight * off * off);
}

float starter_on(const struct starter *s, const struct starter_past *p) {
    double usual = p->frames ? p->mean + ABOVE_USUAL * fmin(sqrt(p->variance), NOISE * s->spread) : 0;
    return (float)fmax(TO_TURN_ON * s->spread, fmin(usual, AT_MOST * s->spread));
}

float starter_off(const struct starter *s) {
    return (float)(TO_STAY_ON * s->spread);
}

void starter_carry(struct starter *to, const struct starter *from) {
    if (!to->count || to->count != from->count) return;
    to->spread = from->spread, to->frames = from->frames;
    memcpy(to->order, from->order, sizeof to->order);
}
