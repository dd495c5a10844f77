/* SPDX-License-Identifier: Apache-2.0
 * The weights of both towers under the blob's names and in the blob's shapes, whatever the
 * checkpoint's layout was. */
#ifndef CONVERT_MODEL_H
#define CONVERT_MODEL_H

#include "convert/checkpoint.h"

struct model_tensor {
    const char *name;   /* in the blob */
    const char *source; /* in the checkpoint, for messages */
    bool matrix;        /* stored as int8 with a scale a row; else float */
    uint32_t rows, columns;
    uint32_t dimensions;
    uint64_t ne[4];        /* as the blob has it, fastest first */
    const float *values;   /* (rows, columns) */
    const int8_t *rounded; /* (rows, columns), once quantized */
    const float *scales;   /* (rows) */
};

struct model {
    struct arena arena; /* what could not stay in the files that were read */
    const struct config *config;
    struct model_tensor *tensors; /* in the blob's order */
    size_t count;
    float logit_scale; /* exponentiated */
};

/* Takes every tensor out of the checkpoint, which must outlive *model. Errors: FILE (missing, wrong
 * shape, not finite, left over), MEMORY. */
int model_load(struct model *model, struct checkpoint *checkpoint, struct report *report);
void model_finish(struct model *model);

/* One that the table of model.c has: never NULL for its names. */
const struct model_tensor *model_tensor(const struct model *model, const char *name);

#endif
