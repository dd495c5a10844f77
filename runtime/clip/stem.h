/* SPDX-License-Identifier: Apache-2.0
 * MobileCLIP-B's beginning: three convolutions (kernel = stride = 4, 2, 2) with the activation between, in place of
 * one. A picture's pieces of 4x4 pixels lie so that the 4 of one output are consecutive rows (op_resize.piece). Then
 * each convolution is a plain product, over rows that are read as a quarter as many, four times as long. P patches, C
 * channels. */
#ifndef CLIP_STEM_H
#define CLIP_STEM_H

#include "clip/tower.h"

enum { CLIP_STEM_PIECES = 16 }; /* of a patch */

struct clip_stem {
    uint32_t channels;                        /* C; 0: there is no stem, and all of this does nothing */
    struct op_matrix first, second;           /* (C, 48), (C, 4 C) */
    struct op_rows first_out, second_out;     /* (16 B P, C), (4 B P, C) */
    struct op_rows second_input, third_input; /* the same as products want them: (4 B P, 4 C), (B P, 4 C) */
};

/* Called twice, as all loaders and plans are. */
int clip_stem_load(struct clip_stem *stem, struct clip_tower *tower, struct blob *blob, uint32_t channels);
void clip_stem_plan(struct clip_stem *stem, struct clip_tower *tower, uint32_t patches);

/* in: (16 patches, 48), as op_input() made it. Gives the last convolution's input (patches, 4 C); without a stem `in`.
 */
struct op_rows clip_stem_record(const struct clip_stem *stem, struct clip_tower *tower, struct op_rows in,
                                uint32_t patches);

#endif
