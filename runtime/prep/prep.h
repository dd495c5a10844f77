/* SPDX-License-Identifier: Apache-2.0
 * Preprocessing as the checkpoint was trained with: PIL's antialiased resize (two passes, rounded
 * to 8 bits between them), centre crop, normalise. The CPU form here is the reference for
 * shaders/resize_x.comp and resize_y.comp, which use the same integer tables. */
#ifndef PREP_PREP_H
#define PREP_PREP_H

#include <ocelli.h>
#include <stdint.h>

enum prep_resize { PREP_CROP = 0, PREP_SQUASH = 1 };
enum prep_filter { PREP_BICUBIC = 0, PREP_BILINEAR = 1 };
enum { PREP_MAX_SIDE = 16384 };

struct prep_rule {
    uint32_t size; /* pixels a side of the result */
    enum prep_resize resize;
    enum prep_filter filter;
    float mean[3], std[3]; /* of values in 0..1 */
};

/* One axis of a resize: output i = clip8((sum over t of pixel[first[i] + t] * weight[i * taps + t] + half) >>
 * PREP_PRECISION). Weights past count[i] are 0, and nothing past the input is read for them. */
enum { PREP_PRECISION = 22 }; /* bits after the point: 32 - 8 - 2, as PIL's Resample.c */
struct prep_axis {
    uint32_t out_size;
    uint32_t taps;   /* weights an output, the most any needs */
    int32_t *first;  /* (out_size) */
    int32_t *count;  /* (out_size) */
    int32_t *weight; /* (out_size, taps) */
};

struct prep_plan {
    uint32_t in_width, in_height, size;
    struct prep_axis x, y; /* already cropped: out_size == size */
};

/* Tables for pictures of in_width x in_height: short side to `size`, long side in proportion (rounded
 * down), middle kept (transformers' CLIPImageProcessor), or squashed. On error *plan is zeroed tables.
 * Errors: USAGE (a size of 0), LIMIT (a side over PREP_MAX_SIDE), MEMORY. */
int prep_plan_init(struct prep_plan *plan, const struct prep_rule *rule, uint32_t in_width, uint32_t in_height);
/* Accepts a zeroed plan. */
void prep_plan_finish(struct prep_plan *plan);

/* The input rows that outputs depend on; the others need not be computed. */
struct prep_rows {
    uint32_t first, count;
};
struct prep_rows prep_rows_needed(const struct prep_plan *plan);

/* Resize and crop. rgb: (in_height, in_width, 3); out: (size, size, 3). Errors: MEMORY. */
int prep_resize(const struct prep_plan *plan, const uint8_t *rgb, uint8_t *out);

/* (size, size, 3) bytes -> (3, size, size) floats: (v / 255 - mean) / std. */
void prep_normalise(const struct prep_rule *rule, const uint8_t *rgb, float *out);

#endif
