/* SPDX-License-Identifier: Apache-2.0
 * A tower's way into the blob, block after block: its float weights are read, run over the inputs, balanced by what the
 * products saw, rounded and written. Then the rounded ones are run over the same inputs, to tell what was lost. Only
 * one block's weights are in memory. */
#ifndef CONVERT_WALK_H
#define CONVERT_WALK_H

#include "convert/compute/calibrate.h"
#include "convert/gguf_write.h"
#include "convert/compute/inputs.h"
#include "convert/progress.h"

extern const char *const walk_product_names[REFERENCE_PRODUCTS]; /* "qkv", "attn_out", "ffn_up", "ffn_down" */

struct walk_layer {
    double cosine[REFERENCE_KINDS], worst[REFERENCE_KINDS]; /* of the rows behind the block to the float ones */
    double ends, zeros; /* shares of int8 inputs that are -127 or 127, and of those that became 0 */
    struct calibrate_choice products[REFERENCE_PRODUCTS];
};

/* Channels' ranges of the product whose inputs were the most uneven. */
struct walk_ranges {
    char product[64];
    float *values; /* (2, columns): before and after */
    uint32_t columns;
    double spread;
};

struct walk_tower {
    struct arena arena;
    uint32_t blocks;
    struct walk_layer *layers;
    struct calibrate_choice head[REFERENCE_PRODUCTS], projection; /* one of the two */
    bool float_pixels;                                            /* the first product keeps floats */
    struct walk_ranges ranges;
    size_t count;
    float *embeddings[REFERENCE_KINDS]; /* (count, D), unit length */
};

struct walk {
    const struct model *model;
    struct pool *pool;
    struct gguf_write *blob; /* begun */
    struct report *report;
    struct progress *progress;
    bool calibrate;
};

/* Errors: FILE, MEMORY. */
int walk_images(const struct walk *walk, const struct inputs *inputs, struct walk_tower *tower);
int walk_texts(const struct walk *walk, const struct inputs *inputs, uint32_t end_id, struct walk_tower *tower);
void walk_tower_finish(struct walk_tower *tower);

/* Every tensor that no tower wrote, piece by piece: the token table, positions, ... */
int walk_rest(const struct walk *walk);

#endif
