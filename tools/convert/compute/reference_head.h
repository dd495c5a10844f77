/* SPDX-License-Identifier: Apache-2.0
 * The image tower's end where it pools by attention: in the place of reference_pool() and reference_project(). */
#ifndef CONVERT_REFERENCE_HEAD_H
#define CONVERT_REFERENCE_HEAD_H

#include "convert/compute/reference.h"

struct reference_head {
    struct arena arena;
    float *query;             /* (W), through its product already */
    float *post[2], *norm[2]; /* before keys and values, and before the MLP */
    struct reference_matrix key, value, out, up, down;
};

/* Errors: FILE, MEMORY; arena_finish() it then too. */
int reference_read_head(const struct reference *run, struct reference_head *head);

/* out: (count, W), unit length. Errors: MEMORY, FILE (not finite). */
int reference_run_head(const struct reference *run, const struct reference_head *head, enum reference_weights kind,
                       float *out);

#endif
