/* SPDX-License-Identifier: Apache-2.0
 * The image tower's end where it pools by attention: in the place of reference_pool() and reference_project(). */
#ifndef CONVERT_REFERENCE_HEAD_H
#define CONVERT_REFERENCE_HEAD_H

#include "convert/compute/reference.h"

struct reference_head {
    struct reference_weights_of_block block; /* norm1 before keys and values, in qkv: (2W, W) */
    float *query;                            /* (W), through its product already */
};

/* Errors: FILE, MEMORY; arena_finish() the block's then too. */
int reference_read_head(const struct reference *run, struct reference_head *head);

/* out: (count, W), unit length. Errors: MEMORY, FILE (not finite). */
int reference_run_head(const struct reference *run, const struct reference_head *head, enum reference_weights kind,
                       float *out);

#endif
