/* SPDX-License-Identifier: Apache-2.0
 * How each layout calls the tensors of the blob. A new layout is a table here and a row below. */
#ifndef CONVERT_NAMES_H
#define CONVERT_NAMES_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names_row {
    const char *blob;   /* the tensor in blob/tensor_names.h; in a block: behind "v.blk.N." */
    const char *source; /* the tensor in the checkpoint; in a block: behind the layout's prefix */
    uint8_t part;       /* 1, 2, 3: that third of the rows of a tensor that holds q, k and v; 4, 5: that half of one
                         * with k and v; 0: all */
    bool transposed;    /* (in, out) there */
};

struct names_layout {
    const char *name;
    const char *marker;                                         /* a tensor that starts so shows the layout */
    const char *image_block, *text_block;                       /* prefix of block %u */
    const struct names_row *in_block, *in_text_block, *outside; /* ended by a row of NULL */
    const char *const *ignored;                                 /* buffers that are no weights; ended by NULL */
    bool siglip;                                                /* attention pooling, a biased projection, logit_bias */
};

/* Of `outside`, and no tensor of the blob. */
#define NAMES_PATCH_BIAS "patch_bias"

extern const struct names_row names_siglip_transformers[], names_siglip_timm[], names_timm_block[];

extern const struct names_layout names_layouts[];
extern const size_t names_layout_count;

/* The row of a blob name, or NULL. */
const struct names_row *names_find(const struct names_row *rows, const char *blob);
bool names_ignored(const struct names_layout *layout, const char *source);

/* `source` without the wrappers that stand inside ("visual._orig_mod.conv1" is "visual.conv1"); a copy in the arena
 * where there was one. NULL: out of memory, not said. */
const char *names_inside(struct arena *arena, const char *source);

/* Behind the wrappers that training scripts, torch.compile and open_clip's custom text towers put before every name
 * ("module.",
 * "_orig_mod.", "text.", ...). */
const char *names_strip(const char *source);

#endif
