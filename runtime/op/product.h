/* SPDX-License-Identifier: Apache-2.0
 * The forms of op_linear(): what each needs of a device, its tile, its layout of inputs and weights. */
#ifndef OP_PRODUCT_H
#define OP_PRODUCT_H

#include "op/then.h"

enum product_weights {
    PRODUCT_ROWS,   /* int8, row after row, K padded: lanes split K */
    PRODUCT_HALVES, /* 16-byte words of `columns` columns, 8 / columns steps of K each, as halves */
    PRODUCT_BYTES,  /* 16-byte words of 4 columns, 4 steps of K each, as int8 */
    PRODUCT_TILES,  /* int8, tile after tile of a cooperative matrix: linear_mma.h */
};

struct product {
    const char *name, *shader, *shader_then;
    uint32_t columns; /* that a lane computes */
    uint32_t rows;    /* of a tile, and so of a panel, at most */
    enum product_weights weights;
    bool int8_inputs;
    bool uniform; /* a workgroup computes all rows of its columns */
};

const struct product *product_of(enum op_product product);
bool product_fits(const struct op_device *d, enum op_product product);
/* The best of a kind, or of all, by what is known of the device; of a kind that was asked for it may not fit. */
enum op_product product_best(const struct op_device *d, enum ocelli_kind kind);
/* Is a dispatch less worth what its work costs inside another? By what is known of the device. */
bool product_fuses(const struct op_device *d);
/* 1 to `most` rows (or anything else) of a tile, so that `rows` of them fill their last tile best. */
uint32_t product_tile(uint32_t rows, uint32_t most);
/* Rows of a tile, so that `rows` fill their last tile best. */
uint32_t product_panel(const struct product *p, uint32_t rows);

/* Of PRODUCT_HALVES and PRODUCT_BYTES: 16-byte words from one K to the next. */
static inline uint32_t product_row_words(const struct product *p, const struct op_matrix *m) {
    return op_padded(m->rows, OP_MATRIX_STEP) / p->columns;
}

/* Rows of the matrix that op_linear() computes. */
static inline uint32_t product_count(const struct op_linear *a) {
    return a->count ? a->count : a->matrix->rows;
}

/* 4-byte words from the first input to the scales; 0 for floats. */
uint32_t product_in_scales(const struct op_linear *a);
/* Records a dispatch of which shader name, constants and groups are set, and what op_then asks for. push ends with a
 * struct then_push. shader_then: the variant that does that too. */
void product_record(struct op_list *list, const struct op_linear *a, const char *shader_then, struct vk_dispatch *dispatch,
                    const void *push, uint32_t size);

#endif
