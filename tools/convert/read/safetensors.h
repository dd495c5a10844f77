/* SPDX-License-Identifier: Apache-2.0
 * The bytes of a safetensors file: names, types, shapes and where the numbers lie. Trusts nothing.
 * Format: "Format" in the README of huggingface/safetensors. */
#ifndef CONVERT_SAFETENSORS_H
#define CONVERT_SAFETENSORS_H

#include "base/arena.h"
#include "convert/read/stored.h"

struct safetensors {
    struct arena arena;
    struct stored_tensor *tensors; /* by place in the file */
    size_t count;
};

/* Parses the header of a storage, which outlives *file. Errors: FILE, MEMORY; *file is then empty.
 * Refuses names twice, overlaps, holes, sizes that do not fit their shape, a header too long. */
int safetensors_parse(struct safetensors *file, struct storage *storage);
void safetensors_finish(struct safetensors *file);

#endif
