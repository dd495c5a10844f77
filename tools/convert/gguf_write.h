/* SPDX-License-Identifier: Apache-2.0
 * A GGUF version 3 file with the digest of docs/blob.md. Either all of it is collected in memory and written at once,
 * or tensors are named first and written in pieces as they come. Then the header, whose size is known from the names,
 * is written last: values may change meanwhile, but not their sizes. */
#ifndef CONVERT_GGUF_WRITE_H
#define CONVERT_GGUF_WRITE_H

#include "base/arena.h"
#include "base/file.h"
#include "base/sha256.h"
#include <stdbool.h>

enum gguf_write_type { GGUF_WRITE_F32 = 0, GGUF_WRITE_I8 = 24 };

struct gguf_write_bytes {
    uint8_t *data;
    size_t size, capacity;
};

struct gguf_write_tensor {
    const char *name;
    enum gguf_write_type type;
    uint32_t dimensions;
    uint64_t ne[4];          /* fastest first */
    uint64_t size, capacity; /* bytes; room: with padding */
    void *data;              /* NULL: comes in pieces */
    uint64_t offset, pieces; /* in the data section; bytes that came */
    struct sha256_stream *hash;
    uint8_t digest[SHA256_SIZE];
};

struct gguf_write {
    struct arena arena;
    struct gguf_write_bytes values;
    uint64_t value_count;
    struct gguf_write_tensor *tensors;
    size_t tensor_count, tensor_capacity;
    bool failed; /* memory ran out somewhere: said by gguf_write_file() or gguf_write_begin() */
    struct file_writer *out;
    uint64_t header_size; /* with its padding; 0: not begun */
};

void gguf_write_finish(struct gguf_write *writer); /* of a zeroed or used one */

void gguf_write_u32(struct gguf_write *writer, const char *key, uint32_t value);
void gguf_write_f32(struct gguf_write *writer, const char *key, float value);
void gguf_write_bool(struct gguf_write *writer, const char *key, bool value);
void gguf_write_text(struct gguf_write *writer, const char *key, const char *value);
void gguf_write_bytes(struct gguf_write *writer, const char *key, const uint8_t *values, size_t count);
void gguf_write_f32s(struct gguf_write *writer, const char *key, const float *values, size_t count);
void gguf_write_bools(struct gguf_write *writer, const char *key, const bool *values, size_t count);
void gguf_write_u32s(struct gguf_write *writer, const char *key, const uint32_t *values, size_t count);
/* An array of `count` strings, each then added in order. */
void gguf_write_texts(struct gguf_write *writer, const char *key, size_t count);
void gguf_write_element(struct gguf_write *writer, const char *text, size_t length);

/* Room for a tensor's numbers, zeroed, aligned, the writer's; NULL when memory runs out. */
void *gguf_write_tensor(struct gguf_write *writer, const char *name, enum gguf_write_type type, uint32_t dimensions,
                        const uint64_t *ne);

/* A tensor whose numbers come later. */
void gguf_write_declare(struct gguf_write *writer, const char *name, enum gguf_write_type type, uint32_t dimensions,
                        const uint64_t *ne);
/* All values, with numbers that may change, and all tensors are there: pieces may come. Errors: MEMORY. */
int gguf_write_begin(struct gguf_write *writer, struct file_writer *out);
/* The next bytes of a declared tensor. Errors: FILE, MEMORY. */
int gguf_write_piece(struct gguf_write *writer, const char *name, const void *data, size_t size);
/* Did all of the tensor come? */
bool gguf_write_has(const struct gguf_write *writer, const char *name);
/* Forgets the values: the same keys follow again, with the final numbers. */
void gguf_write_again(struct gguf_write *writer);
/* Writes the digest and the header; the caller commits. Errors: FILE, MEMORY. */
int gguf_write_end(struct gguf_write *writer);

/* Adds the digest and writes all of it; the caller commits. Once. Errors: FILE, MEMORY. */
int gguf_write_file(struct gguf_write *writer, struct file_writer *out);

#endif
