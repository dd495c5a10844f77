/* SPDX-License-Identifier: Apache-2.0
 * One row of functions for each set of instructions. The best row is chosen when the program runs. Integer sums are
 * exact: every row gives the same ones. A panel holds all K of `columns` rows of a weight matrix, so that a kernel
 * reads it front to back. Sums of a tile of rows times a panel come back packed, (rows, columns). */
#ifndef OP_CPU_KERNELS_H
#define OP_CPU_KERNELS_H

#include "op/op.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows of int8 as a kernel reads them. */
enum cpu_input {
    CPU_INT8,    /* as they are */
    CPU_BIASED,  /* plus 128, unsigned; a panel begins with -128 times its columns' sums, int32 */
    CPU_CLIPPED, /* weights are plus 128, unsigned; a row is clipped, with a struct cpu_clipped behind its numbers */
};

/* VPMADDUBSW adds two products of 8 bits in 16, and saturates. With weights of 0..255 it does not saturate where two
 * neighbours in a row sum to -128..128. So the second of them is clipped that far, and the rest is multiplied
 * separately. */
struct cpu_clipped {
    int32_t start;  /* -128 times the row's sum, before it was clipped */
    uint32_t count; /* entries: groups of 4 in which something is left over */
    struct {
        uint32_t group;
        int8_t rest[4];
    } left[];
};

/* int8 x int8 to int32. */
struct cpu_dot {
    uint32_t columns, group; /* of a panel: `group` numbers of K lie side by side, column after column */
    uint32_t rows;           /* of a tile, at most */
    enum cpu_input input;
    /* in: `rows` rows, row_bytes apart; steps: groups of K. */
    void (*tile)(const void *in, size_t row_bytes, const int8_t *panel, uint32_t steps, uint32_t rows, int32_t *sums);
};

/* float x int8 to float; a panel holds `columns` int8 for each number of K. */
struct cpu_float {
    uint32_t columns, rows;
    void (*tile)(const float *in, size_t stride, const int8_t *panel, uint32_t k, uint32_t rows, float *sums);
};

/* Makes results of sums: out (+)= activation(sum * scale * in_scale + bias). */
struct cpu_finish {
    const int32_t *dot;         /* (rows, columns of a panel) or ... */
    const float *floats;        /* ... the same */
    const float *in_scales;     /* (rows), of int8 inputs; NULL: 1 */
    const float *scales, *bias; /* (columns); bias NULL: 0 */
    float *out;
    size_t out_stride;
    uint32_t rows, columns, panel; /* columns that there are, of `panel` */
    enum op_activation activation;
    bool add;
};

/* softmax(q k^T * scale) v of one head of one sequence. */
struct cpu_attention {
    const float *q, *k, *v; /* rows, `stride` (q: query_stride) floats apart */
    size_t stride, query_stride, out_stride;
    uint32_t tokens, queries, head; /* head: a multiple of 4, at most 128 */
    uint32_t first;                 /* the first query's place in the sequence, for `causal` */
    bool causal;
    float scale;
    float *out;
    float *scratch; /* cpu_attention_scratch() floats */
};

struct cpu_rows {
    void (*finish)(const struct cpu_finish *args);
    /* LayerNorm of a row; out may be x. */
    void (*norm)(const float *x, const float *weight, const float *bias, uint32_t width, float epsilon, float *out);
    /* To symmetric int8; gives the scale: the largest magnitude / 127. */
    float (*quantize)(const float *x, uint32_t width, int8_t *out);
    void (*attention)(const struct cpu_attention *args);
};

/* A resize in integers, as prep.h defines it: the same bytes with every set of instructions. */
enum { CPU_PIXEL_BITS = 22, CPU_PIXEL_HALF = 1 << (CPU_PIXEL_BITS - 1), CPU_PIXEL_ROOM = 16 };

/* Weights of an axis, below 2^26. */
struct cpu_axis {
    const int32_t *first;  /* (size): the pixel that the first weight is of */
    const int32_t *weight; /* (size, taps); those behind the picture's end are 0 */
    uint32_t size, taps;
};

struct cpu_pixels {
    /* Along rows of `width` RGB bytes, `stride` apart, behind each of which CPU_PIXEL_ROOM bytes may be read; out:
     * (rows, size) R G B 0. */
    void (*across)(const uint8_t *rgb, size_t stride, uint32_t rows, uint32_t width, const struct cpu_axis *axis,
                   uint32_t *out);
    /* Down `taps` rows of `count` bytes, `stride` apart. */
    void (*down)(const uint8_t *rows, size_t stride, const int32_t *weight, uint32_t taps, uint32_t count,
                 uint8_t *out);
};

struct cpu_kernels {
    const char *name; /* as OCELLI_CPU takes it */
    struct cpu_dot dot;
    struct cpu_float floats;
    const struct cpu_rows *rows;
    const struct cpu_pixels *pixels;
};

/* Floats of room that an attention over `tokens` needs, whatever the kernels. */
#define CPU_ATTENTION_PADDED(n) (((n) + 31u) / 32 * 32) /* two of the widest vectors */
static inline size_t cpu_attention_scratch(uint32_t tokens, uint32_t head) {
    size_t padded = CPU_ATTENTION_PADDED(tokens), wide = CPU_ATTENTION_PADDED(head);
    return padded * wide + tokens * wide + 4 * wide + 4 * padded;
}

/* The kernels that this processor can run, the fastest first; OCELLI_CPU=NAME leaves out what comes before NAME.
 * Gives how many; at least one, plain C. */
enum { CPU_KERNELS_MOST = 6 };
uint32_t cpu_kernels_list(const struct cpu_kernels *out[CPU_KERNELS_MOST]);

#endif
