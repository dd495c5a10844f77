/* SPDX-License-Identifier: Apache-2.0
 * The bytes of a safetensors file: names, types, shapes and where the numbers lie. Trusts nothing.
 * Format: "Format" in the README of huggingface/safetensors. */
#ifndef CONVERT_SAFETENSORS_H
#define CONVERT_SAFETENSORS_H

#include "base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SAFETENSORS_MAX_DIMENSIONS = 8 };

struct safetensors_tensor {
    const char *name;
    const char *type; /* as the file has it: "F32", "F16", "BF16", "I64", ... */
    uint32_t dimensions;
    uint64_t shape[SAFETENSORS_MAX_DIMENSIONS]; /* slowest first */
    uint64_t count;                             /* numbers */
    uint64_t begin, size;                       /* bytes, from the start of the data */
    const uint8_t *data;                        /* the caller's bytes; any alignment */
};

struct safetensors {
    struct arena arena;
    struct safetensors_tensor *tensors; /* by place in the file */
    size_t count;
};

/* Parses bytes that outlive *file. `name` is for messages. Errors: FILE, MEMORY; *file is then empty.
 * Refuses names twice, overlaps, holes, sizes that do not fit their shape, a header too long. */
int safetensors_parse(struct safetensors *file, const void *bytes, size_t size, const char *name);
void safetensors_finish(struct safetensors *file);

/* F32, F16 or BF16. */
bool safetensors_is_float(const struct safetensors_tensor *tensor);
/* The file's own numbers where they are F32 and aligned, else NULL. */
const float *safetensors_view(const struct safetensors_tensor *tensor);
/* `count` numbers from `first` on, as floats. Only when safetensors_is_float(). */
void safetensors_read(const struct safetensors_tensor *tensor, uint64_t first, uint64_t count, float *out);

#endif
