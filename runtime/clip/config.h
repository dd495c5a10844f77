/* SPDX-License-Identifier: Apache-2.0
 * Sizes of a CLIP model as the blob states them, checked against what this runtime can do. */
#ifndef CLIP_CONFIG_H
#define CLIP_CONFIG_H

#include "blob/blob.h"
#include "op/op.h"
#include "prep/prep.h"

enum { CLIP_MAX_BLOCKS = 64, CLIP_STEM_PIECE = 4 /* pixels a side of what a stem's first convolution sees */ };

struct clip_block_config {
    uint32_t heads, hidden;
};

/* A block's products. */
enum clip_product { CLIP_QKV, CLIP_ATTENTION_OUT, CLIP_UP, CLIP_DOWN, CLIP_PRODUCTS };

struct clip_tower_config {
    uint32_t width, blocks;
    uint32_t head;          /* numbers of a head; heads * head need not be the width */
    uint32_t heads, hidden; /* the most that a block has */
    struct clip_block_config block[CLIP_MAX_BLOCKS];
    uint32_t tokens; /* image: 1 + patches; text: context length */
    float epsilon;
    enum op_activation activation;
    bool causal; /* a token sees those up to itself; else all of them */
    bool projection_bias;
    /* The image's embedding: the class token's row, normed and projected. Or, `attention_pool`: no class token, no norm
     * before the blocks, no projection; one query that is no token attends to all of them, and has an MLP. */
    bool attention_pool;
    /* Products that take floats on every device. */
    uint64_t float_inputs[CLIP_PRODUCTS]; /* bit i: that of block i */
    bool float_head[CLIP_PRODUCTS];       /* of the head, with attention_pool */
    bool float_projection;
    bool float_pixels; /* the first one, of patches, or of a stem's pieces */
};

struct clip_config {
    struct clip_tower_config image, text;
    uint32_t image_size, patch_size, vocabulary;
    uint32_t
        stem; /* channels of the two convolutions before the last one (clip/stem.h); 0: patches are one convolution */
    bool no_text;       /* no text tower, of which nothing here is set: the blob has vectors of its own texts */
    bool pre_norm;      /* a norm before the first block of the image tower */
    uint32_t embedding; /* D */
    bool last_pool;     /* the text's row is the context's last one; else the first end mark's */
    uint32_t end_id;    /* of the end mark */
    uint32_t pad_id;    /* with last_pool: of all rows behind the text's own */
    struct prep_rule prep;
    float logit_scale, logit_bias;
    bool sigmoid; /* score rule; else softmax */
};

/* Rows of one picture before the tower: a head that pools by attention has no class token beside them. */
static inline uint32_t clip_patches(const struct clip_config *config) {
    return config->image.tokens - !config->image.attention_pool;
}

/* Errors: FILE (missing or contradictory values), LIMIT (a valid model this runtime cannot run). */
int clip_config_read(struct clip_config *config, const struct blob *blob);

#endif
