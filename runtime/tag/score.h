/* SPDX-License-Identifier: Apache-2.0
 * From unit vectors to scores. Floats only: no model, no GPU. */
#ifndef TAG_SCORE_H
#define TAG_SCORE_H

#include <stddef.h>

/* Cosine of two unit vectors of n numbers: their dot product, kept within -1..1. */
float score_cosine(const float *a, const float *b, size_t count);

/* scores[i] = exp(scale * cosines[i]) / sum over j of exp(scale * cosines[j]); sum 1 for any finite
 * input. CLIP's rule (Radford et al. 2021, figure 3). scores may be cosines. */
void score_softmax(const float *cosines, size_t count, float scale, float *scores);

/* scores[i] = 1 / (1 + exp(-(scale * cosines[i] + bias))), each for itself. SigLIP's rule (Zhai et
 * al. 2023, algorithm 1). scores may be cosines. */
void score_sigmoid(const float *cosines, size_t count, float scale, float bias, float *scores);

#endif
