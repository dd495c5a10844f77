/* SPDX-License-Identifier: Apache-2.0
 * The forms of op_linear(): what each needs of a device, its tile, its layout of inputs and weights. */
#ifndef OP_VULKAN_PRODUCT_H
#define OP_VULKAN_PRODUCT_H

#include "op/backend.h"

struct vulkan_device;

/* Shaders of op_linear(), see shaders/linear*.comp. */
enum product {
    PRODUCT_TILE,        /* weights as halves, float arithmetic, no subgroup operation: every device */
    PRODUCT_SPLIT,       /* int8 weights, float arithmetic, lanes split K: llvmpipe */
    PRODUCT_SPLIT_DOT,   /* int8 inputs too, float arithmetic: llvmpipe */
    PRODUCT_DOT,         /* int8 inputs too, packed integer dot product */
    PRODUCT_UNIFORM4,    /* TILE, DOT for 16-wide subgroups that read inputs as uniforms: Raspberry Pi 5 */
    PRODUCT_UNIFORM2,    /* the same, 2 columns a lane: Raspberry Pi 4 */
    PRODUCT_UNIFORM_DOT, /* Raspberry Pi 5 with Mesa 26.2 */
    PRODUCT_MMA,         /* int8 inputs, cooperative matrices: NVIDIA */
    PRODUCT_COUNT,
};

/* How the weights lie. */
enum layout {
    LAYOUT_ROWS,   /* int8, row after row, K padded: lanes split K */
    LAYOUT_HALVES, /* 16-byte words of `columns` columns, 8 / columns steps of K each, as halves */
    LAYOUT_BYTES,  /* 16-byte words of 4 columns, 4 steps of K each, as int8 */
    LAYOUT_TILES,  /* int8, tile after tile of a cooperative matrix: linear_mma.h */
};

struct product_form {
    const char *name;
    enum layout layout;
    uint32_t columns; /* that a lane computes */
    uint32_t rows;    /* of a tile, and so of a panel, at most */
    bool int8_inputs;
    bool uniform; /* a workgroup computes all rows of its columns */
};
const struct product_form *product_form(enum product product);

struct product_shader {
    const char *plain, *epilogue; /* then: makes the next product's input as well */
};
const struct product_shader *product_shader(enum product product);

/* The one in use; with `float_inputs`, where that takes int8, its nearest relative that takes floats and has the same
 * panels. */
enum product product_for(const struct vulkan_device *device, bool float_inputs);

bool product_fits(const struct vulkan_device *device, enum product product);
/* known.c: is the processor beside it faster, as far as is known? Then as the backend's entries. */
bool product_device_is_slow(const struct vulkan_device *device);
uint32_t product_ways(const struct op_device *device, struct op_way out[OP_WAYS_MOST]);
bool product_plainer(const struct op_device *device, struct op_way *way);
/* What the way's id stands for. */
enum product product_of_way(const struct op_way *way);
bool product_way_fuses(const struct op_way *way);
/* Tests: the way of a product. false: it is not possible there. */
bool product_way(const struct op_device *device, enum product product, bool fuses, struct op_way *way);

/* 16-byte words from one K to the next, in LAYOUT_HALVES and LAYOUT_BYTES. */
static inline uint32_t product_row_words(const struct product_form *p, const struct op_matrix *m) {
    return op_padded(m->rows, OP_MATRIX_STEP) / p->columns;
}

/* Rows of a tile, so that `rows` fill their last tile best. */
uint32_t product_panel(const struct product_form *form, uint32_t rows);

#endif
