/* SPDX-License-Identifier: Apache-2.0
 * Inside of the walk: how a block's products become int8. It samples their inputs, balances these and rounds the
 * weights. A product that loses too much keeps float inputs. */
#ifndef CONVERT_WALK_SETTLE_H
#define CONVERT_WALK_SETTLE_H

#include "convert/walk.h"
#include "convert/walk_write.h"

/* What a walk keeps from block to block. */
struct walk_state {
    const struct walk *walk;
    struct reference run;
    struct walk_tower *tower;
    struct arena arena;
    struct calibrate_sample samples[REFERENCE_PRODUCTS];
    struct calibrate_sample many[REFERENCE_PRODUCTS]; /* more of them: what weights make up for their rounding by */
    bool compensates;                                 /* these are there */
    bool *is_pooled;                                  /* (rows) */
    size_t step, next;                  /* every so many rows are sampled, and the pooled ones; the same of `many` */
    float *factors[REFERENCE_PRODUCTS]; /* (the widest) */
    float *ranges;                      /* (2, the widest) */
    float *before;                      /* (rows, W): what a block got with int8 inputs */
    float *norms[2][2];                 /* (W): both norms of a block, weight and bias, as they are read */
};

/* What rounding a block's weights lost. */
struct walk_block_lost {
    struct walk_lost of[REFERENCE_PRODUCTS];
};

/* After the run was begun. Errors: MEMORY. */
int walk_make_samples(struct walk_state *state);
/* A reference_observe: fills the samples. user: the state. */
void walk_observe(void *user, enum reference_product product, const float *rows, size_t row0, size_t count,
                  uint32_t columns);

/* What the sample tells of a product's inputs. factors: (columns), out. Errors: MEMORY. */
int walk_choose_inputs(struct walk_state *state, const char *name, const struct calibrate_sample *sample,
                       enum calibrate_may may, float *factors, struct arena *arena, struct reference_matrix *matrix,
                       struct calibrate_choice *choice);
/* The same for all products of a block, and what stands before them takes the division. Errors: MEMORY. */
int walk_balance_block(struct walk_state *state, const char *name, const enum calibrate_may may[REFERENCE_PRODUCTS],
                       struct reference_weights_of_block *block, struct calibrate_choice *choices);
/* parts: of the first product, q, k and v or k and v. Errors: MEMORY. */
int walk_round_block(const struct walk_state *state, struct reference_weights_of_block *block, uint32_t parts,
                     struct walk_block_lost *lost);
/* All of it for block `number`, which ran in float before. Models without outliers are left as they are. Errors:
 * MEMORY. */
int walk_settle_block(struct walk_state *state, uint32_t number, const char *name,
                      struct reference_weights_of_block *block, struct walk_block_lost *lost);

/* Of every row to the float one. */
void walk_compare_rows(const struct walk_state *state, struct walk_layer *layer, enum reference_weights kind);

#endif
