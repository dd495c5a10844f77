/* SPDX-License-Identifier: Apache-2.0
 * The model as floats under the blob's names, whatever layout it came in. */
#ifndef CONVERT_MODEL_H
#define CONVERT_MODEL_H

#include "convert/config.h"
#include "convert/safetensors.h"

/* One tensor of the blob. Matrices are quantized when the blob is written. */
struct slot {
    const char *name;    /* docs/blob.md */
    const char *source;  /* name in the checkpoint, for the report */
    bool matrix;
    uint32_t dimensions; /* of the blob's tensor */
    uint64_t ne[4];      /* fastest first */
    uint64_t rows, columns;
    float *values;       /* (rows, columns); after quantize_model(): what int8 keeps of them */
    int8_t *quantized;   /* (rows, columns), matrices only */
    float *scales;       /* (rows) */
    double largest_error, relative_error; /* max |w - w'|; rms(w - w') / rms(w) */
};

struct model {
    struct model_config config;
    struct arena arena;
    struct slot *slots;
    size_t count;
    float logit_scale; /* exponentiated */
    size_t ignored;    /* tensors of the checkpoint known to be of no use */
};

/* Takes every tensor of the list or stops and names what is left over. Errors: FILE (missing,
 * left over, wrong shape, not finite, integer), MEMORY. `path` is for messages. */
int model_load(struct model *model, const struct model_config *config, struct tensor_list *list, const char *path);
void model_finish(struct model *model);

/* A tensor that is known to be there. */
const float *model_values(const struct model *model, const char *name);

#endif
