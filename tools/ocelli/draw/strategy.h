/* SPDX-License-Identifier: Apache-2.0
 * An evolution strategy: it looks for numbers with a high score, and learns of a score nothing but which is higher.
 * PGPE with the optimiser ClipUp (Toklu, Liskowski, Srivastava 2020, https://arxiv.org/abs/2008.02387), as "Modern
 * Evolution Strategies for Creativity" (Tian, Ha 2021, https://arxiv.org/abs/2109.08857) draws with it. */
#ifndef STRATEGY_H
#define STRATEGY_H

#include <stddef.h>
#include <stdint.h>

struct strategy {
    size_t count; /* numbers of a candidate */
    size_t pairs; /* of candidates: one on either side of the mean */
    float *mean;  /* (count) what is best as far as known; it may be set until the first ask */
    /* the strategy's own */
    float *deviation, *velocity, *gradient, *steps; /* (count), (count), (count), (pairs, count) */
    size_t *order;                                  /* (2 pairs) */
    float *worth;                                   /* (2 pairs) */
    float speed;                                    /* the mean moves at most so far in a step */
    uint64_t random;
};

/* The mean is 0, each number's deviation `deviation`. Equal seeds give equal candidates. Free with strategy_finish().
 * Errors: MEMORY. */
int strategy_init(struct strategy *strategy, size_t count, size_t pairs, float deviation, uint64_t seed);
void strategy_finish(struct strategy *strategy);

/* Writes 2 * pairs candidates: (2 pairs, count). */
void strategy_ask(struct strategy *strategy, float *candidates);
/* The scores of those candidates, (2 pairs): the mean moves. A score that is not a number counts as the lowest. */
void strategy_tell(struct strategy *strategy, const float *scores);

/* From the strategy's own row of random numbers: 0 to 1, without 1; and with a normal distribution. */
float strategy_uniform(struct strategy *strategy);
float strategy_normal(struct strategy *strategy);

#endif
