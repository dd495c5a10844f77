/* SPDX-License-Identifier: Apache-2.0
 * The rule that decides until a tag's scene is learnt: the tag against everyday things. docs/tags.md tells how it was
 * chosen.
 *
 * What a cosine means differs between models, so it is measured by the distractors themselves: their spread in the
 * pictures seen so far is the unit. "Anything else" is a rival at their mean plus some spreads, where a text that has
 * nothing to do with the picture hardly comes. */
#ifndef TAG_STARTER_H
#define TAG_STARTER_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* Distractors at most: one bit each in a mask. */
enum { STARTER_MOST = 64 };

/* What a runner-up is called that is no text, but the level of all the others. */
#define STARTER_ANYTHING_ELSE "anything else"

/* A zeroed one has no distractors, and no rule. */
struct starter {
    const float *vectors;     /* (count, size), unit length */
    const char *const *texts; /* (count) */
    const float *mean;        /* (size): of the vectors */
    size_t count, size;
    float cosines[STARTER_MOST]; /* of the last frame */
    uint8_t order[STARTER_MOST]; /* indices, the nearest first */
    float anything_else;         /* its cosine in the last frame */
    double spread;               /* of the cosines in one frame: the mean over frames */
    uint32_t frames;             /* that it is a mean of, up to a limit, so that it follows */
};

/* Copies vectors (count, size) and texts into the arena. Errors: LIMIT (over STARTER_MOST), MEMORY. */
int starter_init(struct starter *starter, struct arena *arena, const float *vectors, const char *const *texts,
                 size_t count, size_t size);

/* Mask (bit i: distractor i) of those that mean about the same as the vector (size): they are no rivals of it. */
uint64_t starter_alike(const struct starter *starter, const float *vector);

/* A frame's embedding (size). */
void starter_step(struct starter *starter, const float *embedding);

/* The best of all distractors that are not in the mask, and of "anything else"; *cosine: its. After starter_step(). */
const char *starter_rival(const struct starter *starter, uint64_t alike, float *cosine);

/* What a tag's margin over its best rival was while the tag was off. A zeroed one has seen nothing. */
struct starter_past {
    uint32_t frames; /* up to a limit, so that it follows */
    double mean, variance;
};

void starter_past_take(struct starter_past *past, float margin);

/* Margins over the best rival from which a tag is on, and below which it is off. After starter_step(). */
float starter_on(const struct starter *starter, const struct starter_past *past);
float starter_off(const struct starter *starter);

/* Goes on with the spread that another set's has seen. */
void starter_carry(struct starter *to, const struct starter *from);

#endif
