/* SPDX-License-Identifier: Apache-2.0
 * Tensors of a safetensors file: an 8-byte length, a JSON header, the data. Trusts nothing. */
#ifndef CONVERT_SAFETENSORS_H
#define CONVERT_SAFETENSORS_H

#include "base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tensor_type { TENSOR_F32, TENSOR_F16, TENSOR_BF16, TENSOR_F64, TENSOR_INTEGER };

struct tensor {
    const char *name;     /* as in the file, terminated */
    enum tensor_type type;
    uint32_t dimensions;  /* 0..8; slowest first, as the file has them */
    uint64_t shape[8];
    uint64_t count;       /* elements */
    const uint8_t *data;  /* in the file's bytes ... */
    uint64_t size;        /* ... so many */
    bool used;            /* for the caller: consumed, or known to be of no use */
};

struct tensor_list {
    struct arena arena;
    struct tensor *tensors;
    size_t count;
};

/* Appends the tensors of `size` bytes, which must outlive the list; `name` is for messages.
 * Errors: FILE, MEMORY. */
int safetensors_parse(struct tensor_list *list, const void *bytes, size_t size, const char *name);
void tensor_list_finish(struct tensor_list *list);

/* NULL when there is none. */
struct tensor *tensor_find(struct tensor_list *list, const char *name);

/* Element `i` as float. */
float tensor_value(const struct tensor *t, uint64_t i);

#endif
