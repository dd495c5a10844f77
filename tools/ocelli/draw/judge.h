/* SPDX-License-Identifier: Apache-2.0
 * What CLIP thinks of drawings: how well each fits a text. */
#ifndef JUDGE_H
#define JUDGE_H

#include "ocelli/draw/drawing.h"
#include "tag/prompts.h"

#include <ocelli.h>

enum { JUDGE_BATCH = 64 }; /* pictures given to the device at once */

struct judge {
    struct ocelli *handle;     /* the caller's */
    uint32_t side, dimensions; /* pixels of the model's picture; D */
    size_t rivals;
    float *texts;             /* (1 + rivals, D) the text, then those against which it is drawn */
    struct drawing drawing;   /* the candidate at hand */
    float *canvas, *coverage; /* as triangles_draw() has them */
    uint8_t *rgb;             /* (JUDGE_BATCH, side, side, 3) */
    float *vectors;           /* (JUDGE_BATCH, D) */
};

/* For drawings of `triangles` triangles. `against` may be empty. Free with judge_finish(), also on error.
 * Errors: MEMORY, and those of ocelli_embed_texts(). */
int judge_init(struct judge *judge, struct ocelli *handle, const char *text, const struct prompts_list *against,
               size_t triangles);
void judge_finish(struct judge *judge);

/* candidates: (count, drawing_numbers(triangles)), seen in `view`. scores: (count), the cosine with the text, less the
 * highest with a text against. cosines: (count), without the latter; may be NULL. Errors: those of
 * ocelli_embed_images(). */
int judge_scores(struct judge *judge, const float *candidates, size_t count, struct triangles_view view, float *scores,
                 float *cosines);

#endif
