/* SPDX-License-Identifier: Apache-2.0
 * The weights of both towers under the blob's names and in the blob's shapes, whatever the
 * checkpoint's layout was. */
#ifndef CONVERT_MODEL_H
#define CONVERT_MODEL_H

#include "convert/model/checkpoint.h"

struct model_tensor {
    const char *name;   /* in the blob */
    const char *source; /* in the checkpoint, for messages */
    bool left_out;      /* of the blob: only read */
    bool matrix;        /* stored as int8 with a scale a row; else float */
    uint32_t rows, columns;
    uint32_t dimensions;
    uint64_t ne[4]; /* as the blob has it, fastest first */
    /* Where the numbers stand in the checkpoint: from number `first` of it on, perhaps the other way round. NULL: they
     * are `values`, or zeros. What has fewer rows or columns there gets zeros at the end. */
    const struct checkpoint_tensor *from;
    uint64_t first;
    bool transposed;
    uint32_t stored_rows, stored_columns;
    /* What is known already, and read of no file; NULL: nothing. */
    const float *values;   /* (rows, columns) */
    const int8_t *rounded; /* (rows, columns) */
    const float *scales;   /* (rows) */
    /* (columns): how much an error of a column weighs, as the squares of inputs that weights meet; NULL: all alike */
    const float *energies;
};

struct model {
    struct arena arena;
    const struct config *config;
    struct model_tensor *tensors; /* in the blob's order */
    size_t count;
    float logit_scale; /* exponentiated */
    float logit_bias;  /* 0 without */
};

/* Finds every tensor in the checkpoint, which must outlive *model; reads none of them. Errors: FILE (missing, wrong
 * shape, left over), MEMORY. */
int model_load(struct model *model, struct checkpoint *checkpoint, struct report *report);
void model_finish(struct model *model);

/* The text tower is not for the blob. */
void model_leave_text(struct model *model);

/* A tensor that is made of others: its numbers, (rows, columns), to be filled; the model's. NULL: no memory, said. */
float *model_add_made(struct model *model, const char *name, const char *source, bool matrix, uint32_t rows,
                      uint32_t columns);

/* One that the table of model.c has: never NULL for its names. */
struct model_tensor *model_tensor(const struct model *model, const char *name);

/* Rows `row` to row + rows of a tensor, as floats. Thread-safety: one thread. Errors: FILE (not finite, or the file
 * cannot be read), MEMORY. */
int model_read(const struct model_tensor *tensor, uint32_t row, uint32_t rows, float *out);

#endif
