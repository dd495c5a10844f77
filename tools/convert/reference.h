/* SPDX-License-Identifier: Apache-2.0
 * Both towers in plain C, from the float weights or from what int8 keeps of them. Products in float
 * (a few sums side by side), norms, softmax and activation in double. */
#ifndef CONVERT_REFERENCE_H
#define CONVERT_REFERENCE_H

#include "convert/model.h"

enum reference_weights { REFERENCE_FLOAT, REFERENCE_INT8 };

/* rgb: (size, size, 3); out: (D), unit length. Errors: MEMORY, FILE (numbers are not finite). */
int reference_image(const struct model *model, enum reference_weights weights, const uint8_t *rgb, float *out);

/* ids: start to end mark, in the vocabulary, at most the context; `end_id` is the mark's. out: (D), unit length. */
int reference_text(const struct model *model, enum reference_weights weights, const int32_t *ids, size_t count,
                   uint32_t end_id, float *out);

double reference_cosine(const float *a, const float *b, size_t count);

#endif
