/* SPDX-License-Identifier: Apache-2.0
 * Both towers in plain C over many inputs at once, block after block, so that each weight is read once. From the float
 * weights, from what int8 keeps of them, or with the products' inputs rounded to int8 too, as the runtime does it. Sums
 * in float, norms and softmax in double.
 *
 * A tower is run so: reference_images() or reference_texts() gives the rows of its first block. For each block, and for
 * each kind of weights: reference_block(). Then reference_project(). */
#ifndef CONVERT_REFERENCE_H
#define CONVERT_REFERENCE_H

#include "convert/model/model.h"
#include "op/cpu/thread_pool.h"

struct compensate;

enum reference_weights {
    REFERENCE_FLOAT,
    REFERENCE_INT8, /* rounded weights, float inputs of products */
    REFERENCE_DOT,  /* both rounded */
    REFERENCE_KINDS,
};

/* A product's weights in memory. */
struct reference_matrix {
    uint32_t rows, columns;
    float *values;                       /* (rows, columns) */
    float *bias;                         /* (rows), or NULL */
    const int8_t *rounded;               /* (rows, columns); NULL: not rounded yet, as are the scales */
    const float *scales;                 /* (rows) */
    float *rounded_bias;                 /* (rows): goes with `rounded`; NULL: the same */
    bool float_inputs;                   /* REFERENCE_DOT: they stay floats */
    float *means, *energies;             /* (columns): of calibrate_inputs(), or NULL: not known */
    const struct compensate *compensate; /* how they are rounded, or NULL */
    const float *times;                  /* (columns): factors of the values that are rounded, or NULL */
    const float *over; /* (rows of the last part): what these are divided by, and their bias, or NULL */
};

/* A block's weights. W wide, A of all heads, H hidden. */
struct reference_weights_of_block {
    struct arena arena;
    float *norm1[2], *norm2[2];            /* weight and bias, (W) */
    struct reference_matrix qkv;           /* (3A, W) */
    struct reference_matrix out, up, down; /* (W, A) (H, W) (W, H) */
    uint32_t heads;
};

/* The inputs of a block's products, as they are seen while it runs. */
enum reference_product { REFERENCE_QKV, REFERENCE_OUT, REFERENCE_UP, REFERENCE_DOWN, REFERENCE_PRODUCTS };

struct reference;
/* rows: (count, columns), the inputs of a product; row0: the first one's number among all rows of the run. */
typedef void reference_observe(void *user, enum reference_product product, const float *rows, size_t row0, size_t count,
                               uint32_t columns);

/* One tower's run. */
struct reference {
    struct arena arena;
    const struct model *model;
    struct pool *pool;
    const struct config_tower *tower;
    const char *prefix; /* of the tower in the blob */
    bool causal;
    size_t count, rows;                      /* inputs, and rows of all of them */
    size_t *first;                           /* (count + 1): the first row of each */
    size_t *pooled;                          /* (count): the row that becomes the embedding */
    float *x[REFERENCE_KINDS];               /* (rows, W); NULL: not asked for */
    size_t chunk;                            /* rows that are worked on at once */
    float *normed, *qkv, *attended, *hidden; /* (chunk, W 3W W H) */
    float *rounded;                          /* (chunk, H): a product's inputs after rounding */
    float *middle;                           /* (rows, W): takes what attention makes of x; NULL: not asked for */
    reference_observe *observe;              /* of the next reference_block() calls; NULL: nobody looks */
    void *user;
};

/* Begins a run. kinds: bits 1 << REFERENCE_...; patches: the first product's weights, whose `rounded` is set if any
 * kind but FLOAT is asked for. rgb: (size, size, 3) each. Errors: MEMORY. */
int reference_images(struct reference *run, const struct model *model, struct pool *pool, unsigned kinds,
                     const struct reference_matrix *patches, const uint8_t *const *rgb, size_t count);

/* ids: start to end mark, in the vocabulary, at most the context, with CONFIG_POOL_LAST padded up to it; `end_id` is
 * the mark's. Errors: MEMORY, FILE. */
struct reference_text {
    const int32_t *ids;
    size_t count;
};
int reference_texts(struct reference *run, const struct model *model, struct pool *pool, unsigned kinds,
                    const struct reference_text *texts, size_t count, uint32_t end_id);
void reference_finish(struct reference *run);

/* Reads the weights of a block or of one product; rounded ones where the model has them. Errors: FILE, MEMORY. */
int reference_read_block(const struct reference *run, uint32_t block, struct reference_weights_of_block *weights);
/* The same of what is called NAME.q and so on. parts: 3, or 2: keys and values alone. Not `heads`. */
int reference_read_weights(const struct model *model, const char *name, const char *first_norm, uint32_t parts,
                           struct reference_weights_of_block *weights);
int reference_read_matrix(const struct model *model, struct arena *arena, const char *name, bool bias,
                          struct reference_matrix *matrix);
/* The tensor NAMESUFFIX, and its values in float: (rows, columns). */
int reference_read_tensor(const struct model *model, struct arena *arena, const char *name, const char *suffix,
                          const struct model_tensor **tensor, float **values);
int reference_read_norm(const struct model *model, struct arena *arena, const char *name, float *norm[2]);

/* out = in . matrix^T + bias as the kind has them, of at most a chunk's rows. Errors: MEMORY. */
int reference_multiply(const struct reference *run, enum reference_weights kind, const struct reference_matrix *matrix,
                       const float *in, size_t rows, float *out);
/* Errors: FILE (not finite, or zero). */
int reference_make_unit(const struct reference *run, float *row, uint32_t size);

/* Tells r->observe, if somebody looks. */
void reference_see(const struct reference *run, enum reference_product product, const float *rows, size_t row0,
                   size_t count, uint32_t columns);

/* x[kind] = block(x[kind]). Errors: MEMORY. */
int reference_block(struct reference *run, const struct reference_weights_of_block *weights,
                    enum reference_weights kind);
/* The product from which on a block has to be run again where `first` is another one now and this kind ran last. */
enum reference_product reference_again(const struct reference *run, enum reference_product first);
/* From there on. x: the block's inputs, or for UP and DOWN r->middle. */
int reference_block_from(struct reference *run, const struct reference_weights_of_block *weights,
                         enum reference_weights kind, enum reference_product first);

/* The last norm, of the pooled rows: (count, W). */
void reference_pool(const struct reference *run, enum reference_weights kind, float *const norm[2], float *out);
/* The projection of reference_pool()'s rows, made unit length: (count, D). Errors: MEMORY, FILE (not finite). */
int reference_project(const struct reference *run, enum reference_weights kind,
                      const struct reference_matrix *projection, const float *pooled, float *out);

/* A whole tower for one input, out: (D). Errors: as above. */
int reference_image(const struct model *model, enum reference_weights weights, const uint8_t *rgb, float *out);
int reference_text(const struct model *model, enum reference_weights weights, const int32_t *ids, size_t count,
                   uint32_t end_id, float *out);

/* The text tower in float for `count` texts at once; out: (count, D). Errors: as above. */
int reference_run_texts(const struct model *model, struct pool *pool, const struct reference_text *texts, size_t count,
                        uint32_t end_id, float *out);

double reference_cosine(const float *a, const float *b, size_t count);

#endif
