/* SPDX-License-Identifier: Apache-2.0
 * A tensor as it lies in a checkpoint, of whatever kind of file, and its numbers as floats. */
#ifndef CONVERT_STORED_H
#define CONVERT_STORED_H

#include "convert/read/storage.h"
#include <stdbool.h>

enum { STORED_MAX_DIMENSIONS = 8 };

enum stored_kind {
    STORED_OTHER, /* no weights: integers, booleans, doubles */
    STORED_F32,
    STORED_F16,
    STORED_BF16,
    STORED_Q8_0, /* GGUF: blocks of 32, each a half-precision scale and 32 bytes */
    STORED_I8,   /* our own: a scale a row in `scales` */
};

struct stored_tensor {
    const char *name;
    const char *type; /* as the file calls it, for messages */
    enum stored_kind kind;
    uint32_t dimensions;
    uint64_t shape[STORED_MAX_DIMENSIONS]; /* slowest first */
    uint64_t count;                        /* numbers */
    struct storage *storage;
    uint64_t begin, size;                   /* bytes, from the start of the storage */
    bool strided;                           /* not one after the other there: see stride */
    uint64_t stride[STORED_MAX_DIMENSIONS]; /* numbers from one to the next of that dimension */
    const struct stored_tensor *scales;     /* of STORED_I8, (rows), F32 */
};

/* Bytes that `count` numbers take; 0: an unknown kind, or too many. */
uint64_t stored_size(enum stored_kind kind, uint64_t count);

/* Can it be read as floats? */
bool stored_is_float(const struct stored_tensor *tensor);

/* `count` numbers from number `first` on, in the order of the shape, as floats. Only when stored_is_float(). Several
 * threads may read at a time. Errors: FILE, MEMORY. */
int stored_read(const struct stored_tensor *tensor, uint64_t first, uint64_t count, float *out);

/* IEEE 754 binary16; exact. */
float stored_from_half(uint16_t half);

#endif
