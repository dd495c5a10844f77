/* SPDX-License-Identifier: Apache-2.0
 * The bytes of a GGUF version 3 file: names, values and where the tensors lie. Trusts nothing. */
#ifndef BLOB_GGUF_H
#define BLOB_GGUF_H

#include "base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers as the file has them; the spec is docs/gguf.md of ggml-org/ggml. */
enum gguf_type {
    GGUF_U8 = 0,
    GGUF_I8 = 1,
    GGUF_U16 = 2,
    GGUF_I16 = 3,
    GGUF_U32 = 4,
    GGUF_I32 = 5,
    GGUF_F32 = 6,
    GGUF_BOOL = 7,
    GGUF_STRING = 8,
    GGUF_ARRAY = 9,
    GGUF_U64 = 10,
    GGUF_I64 = 11,
    GGUF_F64 = 12,
};
enum gguf_tensor_type {
    GGUF_TENSOR_F32 = 0,
    GGUF_TENSOR_F16 = 1,
    GGUF_TENSOR_Q8_0 = 8, /* blocks of 32 along ne[0]: a half-precision scale, 32 bytes. In no file of ours */
    GGUF_TENSOR_I8 = 24,
    GGUF_TENSOR_BF16 = 30,
};

/* Bytes of a number or bool; 0: of another size each, or unknown. */
size_t gguf_type_size(enum gguf_type type);

/* A string inside the file: not terminated. */
struct gguf_string {
    const char *text;
    size_t length;
};

struct gguf_value {
    const char *key;        /* terminated */
    enum gguf_type type;    /* GGUF_ARRAY: see element */
    enum gguf_type element; /* of an array */
    uint64_t count;         /* 1, or the array's */
    union {
        uint64_t u; /* unsigned integers, bool, and signed ones as two's complement */
        double f;   /* F32, F64 */
    } number;
    const struct gguf_string *strings; /* STRING: 1; array of STRING: count; in the arena */
    const uint8_t *bytes;              /* array of numbers: the file's bytes */
};

struct gguf_tensor {
    const char *name; /* terminated */
    enum gguf_tensor_type type;
    uint32_t dimensions;   /* 1..4 */
    uint64_t ne[4];        /* fastest first; 1 beyond `dimensions` */
    uint64_t offset, size; /* bytes, from the start of the data section */
};

struct gguf {
    struct arena arena;
    const uint8_t *data;  /* data section; the caller's bytes; NULL when only the file's start was there */
    uint64_t data_size;   /* bytes of it */
    uint64_t header_size; /* bytes before it */
    uint64_t alignment;
    struct gguf_value *values;
    uint64_t value_count;
    struct gguf_tensor *tensors;
    uint64_t tensor_count;
};

/* Parses `size` bytes, which must outlive *gguf. `name` is for messages. Errors: FILE, MEMORY; *gguf is
 * then empty. Refuses duplicate names, overlaps, tensors past the end, sizes that overflow. */
int gguf_parse(struct gguf *gguf, const void *bytes, size_t size, const char *name);
void gguf_finish(struct gguf *gguf);

/* The same when only the first `size` bytes of a file of `whole` are there. 1: the header may go on behind them.
 * Nothing was logged, and *gguf is empty: try with more bytes. */
int gguf_parse_start(struct gguf *gguf, const void *bytes, size_t size, uint64_t whole, const char *name);

/* NULL when there is none. */
const struct gguf_value *gguf_value(const struct gguf *gguf, const char *key);
const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, const char *name);

#endif
