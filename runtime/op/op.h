/* SPDX-License-Identifier: Apache-2.0
 * The ops of CLIP's towers. Each is recorded by every backend (op/backend.h), and has a reference in tests/ref and a
 * test. Widths are counted in elements; rows lie `stride` elements apart, a multiple of OP_ROW_ALIGNMENT, and what lies
 * between width and stride is zero. */
#ifndef OP_OP_H
#define OP_OP_H

#include "base/frame.h"
#include "op/device.h"

enum { OP_ROW_ALIGNMENT = 64, OP_VIEW_ALIGNMENT = 256 };

static inline uint32_t op_stride(uint32_t width) {
    return (width + OP_ROW_ALIGNMENT - 1) / OP_ROW_ALIGNMENT * OP_ROW_ALIGNMENT;
}

/* Rows of activations. With `scales` (one float a row) the values are int8. `panel` rows can be interleaved, as some
 * products want their inputs (op_input_rows): floats column by column, int8 four columns at a time. Bytes between width
 * and stride then keep what was there before; weights past the width are zero. */
struct op_rows {
    struct op_view values;
    struct op_view scales; /* memory NULL: values are floats */
    uint32_t stride;
    uint32_t panel; /* 0 or 1: rows one after another */
};

enum op_activation { OP_NONE = 0, OP_QUICK_GELU = 1, OP_GELU = 2, OP_GELU_TANH = 3 };

/* --- weights, laid out for the device's product --- */

/* int8 (rows, columns) with a scale a row and an optional bias. */
struct op_matrix {
    struct op_view weights, scales, bias;
    uint32_t rows, columns;
    bool has_bias;
    bool float_inputs; /* also where products take int8 ones */
};
enum {
    OP_MATRIX_STEP = 4,   /* rows are stored as a multiple of it, zeros at the end */
    OP_MATRIX_SPARE = 48, /* floats behind scales and bias that a kernel may read, and drops: of a panel, of a vector */
};

/* One memory that holds all weights of a tower. Load everything twice: first with memory NULL,
 * which only counts `used`, then after op_weights_allocate(). */
struct op_weights {
    struct op_device *device;
    struct op_memory *memory;
    uint64_t used;
};

struct op_source { /* of a matrix: host memory, only read during the call */
    const int8_t *values;
    const float *scales, *bias; /* bias may be NULL */
    uint32_t rows;
    bool float_inputs; /* as the matrix is to have it; the first source's counts */
};

int op_weights_allocate(struct op_weights *weights, const char *name);
/* The sources stacked on top of each other (q, k and v as one product), all with or all without bias. */
int op_weights_matrix(struct op_weights *weights, const struct op_source *sources, uint32_t count, uint32_t columns,
                      struct op_matrix *matrix);
int op_weights_floats(struct op_weights *weights, const float *values, uint64_t count, struct op_view *view);
void op_weights_destroy(struct op_weights *weights);

/* --- ops --- */

/* Makes the input of the next product out of an op's finished rows. The same dispatch does it where the device can (its
 * last workgroup for these rows), else one more. All zero, or float rows without a norm: nothing. */
struct op_epilogue {
    struct op_rows out; /* op_input_rows() or op_quantized_rows(); int8: scales behind the values in one memory */
    struct op_view weight, bias; /* LayerNorm's, bias behind weight in one memory; memory NULL: none */
    float epsilon;
};

struct op_linear {
    const char *label;
    struct op_rows in; /* as op_input_rows() or op_input() made them */
    const struct op_matrix *matrix;
    struct op_rows out; /* floats, one after another or as op_input_rows() of as many rows */
    uint32_t rows;
    uint32_t first, count; /* the matrix' rows to compute, multiples of OP_MATRIX_STEP; count 0: all */
    enum op_activation activation;
    bool add;                    /* out += ; not with panels */
    struct op_epilogue epilogue; /* not with part of the matrix' rows, nor if `out` has panels */
};
/* out(rows, first..first + count) = activation(in(rows, matrix columns) * matrix^T + bias) */
void op_linear(struct op_list *list, const struct op_linear *args);

/* Does op_linear() want int8 inputs on this device? */
bool op_input_is_int8(const struct op_device *device);
/* The same of one product, whose inputs may have to stay floats. */
bool op_product_is_int8(const struct op_device *device, bool float_inputs);
/* More rows than op_rows need memory for, so that panels and tiles of rows are whole. */
enum { OP_MAX_PANEL = 16 };
/* The memory of `in`, with the panel that op_linear() wants of `rows` rows: for what writes int8 or float inputs. */
struct op_rows op_input_rows(const struct op_device *device, struct op_rows in, uint32_t rows);
/* Rows for an op that writes floats which op_input() then takes: op_input_rows(in) where products take floats, else
 * plain rows. */
struct op_rows op_unquantized_rows(const struct op_device *device, struct op_rows in, uint32_t rows);
/* The place of rows of op_unquantized_rows() in the form op_linear() wants: the rows themselves, or int8 in
 * `quantized`. */
struct op_rows op_quantized_rows(const struct op_device *device, struct op_rows floats, struct op_rows quantized,
                                 uint32_t rows);
/* The input of a product with `matrix`: `floats` or `quantized`, with the panel that it wants of `rows` rows. */
struct op_rows op_matrix_input(const struct op_device *device, const struct op_matrix *matrix, struct op_rows floats,
                               struct op_rows quantized, uint32_t rows);
/* Where what comes before it writes its floats: as op_unquantized_rows(). */
struct op_rows op_matrix_floats(const struct op_device *device, const struct op_matrix *matrix, struct op_rows floats,
                                uint32_t rows);
/* The same as op_quantized_rows(), and records what brings them there. */
struct op_rows op_input(struct op_list *list, struct op_rows in, uint32_t rows, uint32_t width,
                        struct op_rows quantized);

/* Rows of floats to int8 with a scale each. */
void op_quantize(struct op_list *list, struct op_rows in, struct op_rows out, uint32_t rows, uint32_t width);

struct op_norm {
    struct op_rows in, out;      /* out may be int8 (not with tokens) */
    struct op_view weight, bias; /* memory NULL: rows as they are, only brought into the form of `out` (not int8) */
    uint32_t rows, width;
    float epsilon;
    /* gather: output row i is input row gather[i] (u32), copied to row i of `picked` too; memory NULL: all rows */
    struct op_view gather;
    struct op_rows picked;
    /* tokens > 0: `in` are patches; row b * tokens + t is class token or patch, plus position */
    struct op_view class_token, positions;
    uint32_t tokens;
};
void op_norm(struct op_list *list, const struct op_norm *args);

struct op_attention {
    struct op_rows in;  /* (sequences * tokens, 3 width): q, k, v */
    struct op_rows out; /* (sequences * tokens, width) */
    uint32_t sequences, tokens, width, heads;
    bool causal;
    /* pooled: one query a sequence, that of row pooled[sequence] (u32) of `in`; its q is row `sequence` of `query`,
     * and so is its row of `out`. memory NULL: all */
    struct op_view pooled;
    struct op_rows query;
    struct op_epilogue epilogue;
};
enum { OP_ATTENTION_MAX_TOKENS = 896 }; /* 4 rows of scores and the reduction in 16 KiB */
void op_attention(struct op_list *list, const struct op_attention *args);

/* Copies from.size bytes. */
void op_copy(struct op_list *list, struct op_view from, struct op_view to);

/* One axis of a resize, the tables as of prep.h: first (size) then weight (size, taps), int32. */
struct op_axis {
    struct op_view first, weight;
    uint32_t taps;
};
struct op_resize {
    struct op_view picture;    /* RGB bytes, rows without padding */
    const struct frame *frame; /* NULL, or what `picture` is instead: planes by their offsets in it */
    uint32_t in_width;         /* upright */
    uint32_t row0, rows;       /* picture rows the y axis reads */
    struct op_axis x, y;
    struct op_view between; /* (rows, size) u32 */
    struct op_rows out;     /* patches of the whole batch */
    uint32_t out_row;       /* first row of this picture */
    uint32_t size, patch_size;
    /* 0: a row a patch, its numbers by channel, y, x. Else, with patches of 4 * piece: a row for each piece of `piece`
     * pixels a side. The 16 of a patch are its quarters' quarters, row by row, and so follow one another. */
    uint32_t piece;
    float mean[3], std[3];
};
void op_resize(struct op_list *list, const struct op_resize *args);

#endif
