/* SPDX-License-Identifier: Apache-2.0
 * What the image and the text tower share: a stack of pre-norm transformer blocks, the pooled row,
 * the projection. T tokens, W wide, A of all heads, H hidden, D the embedding; B sequences at once. Blocks differ in A
 * and H where a model was pruned; activations have room for the largest. */
#ifndef CLIP_TOWER_H
#define CLIP_TOWER_H

#include "clip/config.h"

struct clip_norm {
    struct op_view weight, bias; /* (W) */
};

struct clip_block {
    uint32_t heads;
    struct clip_norm ln1, ln2;
    struct op_matrix qkv;  /* (3A, W) */
    struct op_matrix out;  /* (W, A) */
    struct op_matrix up;   /* (H, W) */
    struct op_matrix down; /* (W, H) */
};

struct clip_tower {
    struct op_device *device;
    const struct clip_tower_config *config;
    uint32_t embedding, max_batch;

    struct op_weights weights;
    struct clip_block *blocks;
    struct clip_norm post;
    struct op_matrix projection; /* (D, W) */
    struct clip_head {           /* with attention_pool, in place of the projection */
        struct clip_block block; /* without ln1; the q rows of qkv are zeros */
        struct op_view query;    /* (W) */
    } head;

    struct op_memory *activations;
    uint64_t used;                /* bytes of it planned so far */
    struct op_rows x;             /* (B T, W) residual stream */
    struct op_rows normed;        /* (B T, W) input of a product: int8 where the device wants that */
    struct op_rows normed_floats; /* the same for products that keep floats there; else `normed` */
    struct op_rows qkv;           /* (B T, 3A) */
    struct op_rows attended;      /* (B T, A); at first patches (B P, W) */
    struct op_rows hidden;        /* (B T, H) */
    struct op_rows attended_quantized, hidden_quantized;      /* their int8 forms */
    struct clip_pooled {                                      /* the last block's, for one row a sequence */
        struct op_rows x, normed, normed_floats, q, attended; /* (B, W); q, attended: (B, A) */
        struct op_rows attended_quantized;
    } pooled;

    struct op_memory *pool_rows; /* (B) u32: which row of x is a sequence's */
    struct op_memory *output;    /* (B, D) */
    struct op_list *list;
    uint32_t batch, tokens; /* what `list` was recorded for; 0: nothing */
};

/* Weights: every loader is called twice, see struct op_weights. */
int clip_load_vector(struct clip_tower *tower, struct blob *blob, const char *name, uint64_t count,
                     struct op_view *view);
int clip_load_norm(struct clip_tower *tower, struct blob *blob, const char *name, struct clip_norm *norm);
/* float_inputs: they have to stay floats. */
int clip_load_matrix(struct clip_tower *tower, struct blob *blob, const char *name, uint32_t rows, uint32_t columns,
                     bool bias, bool float_inputs, struct op_matrix *matrix);
/* The same of `rows` rows of W, a row's stride apart: as activations are. */
int clip_load_rows(struct clip_tower *tower, struct blob *blob, const char *name, uint32_t rows, struct op_view *view);
/* Blocks, last norm and projection, or the head that pools by attention; prefix "v" or "t". Last of a tower's weights:
 * all that the blob has read of them is freed. */
int clip_load_stack(struct clip_tower *tower, struct blob *blob, const char *prefix, const char *projection);

/* Rows within the activations; counts only while t->activations is NULL. */
struct op_rows clip_plan_rows(struct clip_tower *tower, uint32_t rows, uint32_t width, bool int8);
/* Plans what all towers need; called twice as well. */
void clip_plan_stack(struct clip_tower *tower, uint32_t rows);
int clip_allocate(struct clip_tower *tower, const char *name);
/* And what was recorded with them. Accepts a tower without. */
void clip_free_activations(struct clip_tower *tower);

/* Records blocks, pooling and projection for `batch` sequences of `tokens`, from x to output. */
void clip_record_stack(struct clip_tower *tower, uint32_t batch, uint32_t tokens);

/* Reads `count` embeddings and makes them unit length. Errors: WRONG (not finite). */
int clip_read_embeddings(struct clip_tower *tower, uint32_t count, float *out);

void clip_tower_finish(struct clip_tower *tower);

#endif
