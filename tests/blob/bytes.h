/* SPDX-License-Identifier: Apache-2.0
 * GGUF files put together byte by byte, so that each field can be wrong. Nothing of the writer is used. */
#ifndef BLOB_BYTES_H
#define BLOB_BYTES_H

#include "blob/gguf.h"

#include <assert.h>
#include <string.h>

struct bytes {
    uint8_t data[4096];
    size_t size;
};

static inline void bytes_put(struct bytes *b, const void *data, size_t size) {
    assert(size <= sizeof b->data - b->size);
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

/* The lowest `size` bytes. */
static inline void bytes_number(struct bytes *b, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++) bytes_put(b, &(uint8_t){(uint8_t)(value >> (8 * i))}, 1);
}

static inline void bytes_text(struct bytes *b, const char *text) {
    bytes_number(b, strlen(text), 8);
    bytes_put(b, text, strlen(text));
}

static inline void bytes_align(struct bytes *b, size_t alignment) {
    while (b->size % alignment) bytes_put(b, "", 1);
}

static inline void bytes_begin(struct bytes *b, uint64_t tensors, uint64_t values) {
    b->size = 0;
    bytes_put(b, "GGUF\3\0\0\0", 8);
    bytes_number(b, tensors, 8);
    bytes_number(b, values, 8);
}

static inline void bytes_key(struct bytes *b, const char *key, enum gguf_type type) {
    bytes_text(b, key);
    bytes_number(b, type, 4);
}

static inline void bytes_value(struct bytes *b, const char *key, enum gguf_type type, uint64_t value, size_t size) {
    bytes_key(b, key, type);
    bytes_number(b, value, size);
}

static inline void bytes_array(struct bytes *b, const char *key, enum gguf_type element, uint64_t count) {
    bytes_key(b, key, GGUF_ARRAY);
    bytes_number(b, element, 4);
    bytes_number(b, count, 8);
}

static inline void bytes_tensor(struct bytes *b, const char *name, enum gguf_tensor_type type, uint32_t dimensions,
                                const uint64_t *ne, uint64_t offset) {
    bytes_text(b, name);
    bytes_number(b, dimensions, 4);
    for (uint32_t i = 0; i < dimensions; i++) bytes_number(b, ne[i], 8);
    bytes_number(b, type, 4);
    bytes_number(b, offset, 8);
}

/* Every type of value and of tensor, alignment 32; the data are the numbers 1 to 70. */
static inline void bytes_good(struct bytes *bytes) {
    static const uint64_t wide[] = {4, 2}, line[] = {5}, deep[] = {2, 1, 3, 1};
    bytes_begin(bytes, 3, 15);
    bytes_value(bytes, "general.alignment", GGUF_U32, 32, 4);
    bytes_value(bytes, "n.u8", GGUF_U8, 200, 1);
    bytes_value(bytes, "n.i8", GGUF_I8, (uint64_t)-5, 1);
    bytes_value(bytes, "n.u16", GGUF_U16, 60000, 2);
    bytes_value(bytes, "n.i16", GGUF_I16, (uint64_t)-5, 2);
    bytes_value(bytes, "n.i32", GGUF_I32, (uint64_t)-5, 4);
    bytes_value(bytes, "n.f32", GGUF_F32, 0x3fc00000, 4); /* 1.5 */
    bytes_value(bytes, "n.bool", GGUF_BOOL, 1, 1);
    bytes_value(bytes, "n.u64", GGUF_U64, UINT64_MAX - 1, 8);
    bytes_value(bytes, "n.i64", GGUF_I64, (uint64_t)-5, 8);
    bytes_value(bytes, "n.f64", GGUF_F64, 0xc004000000000000, 8); /* -2.5 */
    bytes_key(bytes, "s.text", GGUF_STRING), bytes_text(bytes, "hello");
    bytes_array(bytes, "a.u16", GGUF_U16, 3), bytes_put(bytes, "\1\0\2\0\3\0", 6);
    bytes_array(bytes, "a.text", GGUF_STRING, 2), bytes_text(bytes, "x"), bytes_text(bytes, "");
    bytes_array(bytes, "a.none", GGUF_F32, 0);
    bytes_tensor(bytes, "t.f32", GGUF_TENSOR_F32, 2, wide, 0);  /* 32 bytes: the next one touches it */
    bytes_tensor(bytes, "t.f16", GGUF_TENSOR_F16, 1, line, 32); /* 10 */
    bytes_tensor(bytes, "t.i8", GGUF_TENSOR_I8, 4, deep, 64);   /* 6 */
    bytes_align(bytes, 32);
    for (uint8_t i = 1; i <= 70; i++) bytes_put(bytes, &i, 1);
}

#endif
