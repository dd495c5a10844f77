/* SPDX-License-Identifier: Apache-2.0
 * A GGUF version 3 file with the digest of docs/blob.md, collected in memory and written at once. */
#ifndef CONVERT_GGUF_WRITE_H
#define CONVERT_GGUF_WRITE_H

#include "base/arena.h"
#include "base/file.h"
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
    void *data;
};

struct gguf_write {
    struct arena arena;
    struct gguf_write_bytes values;
    uint64_t value_count;
    struct gguf_write_tensor *tensors;
    size_t tensor_count, tensor_capacity;
    bool failed; /* memory ran out somewhere: said by gguf_write_file() */
};

void gguf_write_finish(struct gguf_write *writer); /* of a zeroed or used one */

void gguf_write_u32(struct gguf_write *writer, const char *key, uint32_t value);
void gguf_write_f32(struct gguf_write *writer, const char *key, float value);
void gguf_write_bool(struct gguf_write *writer, const char *key, bool value);
void gguf_write_text(struct gguf_write *writer, const char *key, const char *value);
void gguf_write_f32s(struct gguf_write *writer, const char *key, const float *values, size_t count);
/* An array of `count` strings, each then added in order. */
void gguf_write_texts(struct gguf_write *writer, const char *key, size_t count);
void gguf_write_element(struct gguf_write *writer, const char *text, size_t length);

/* Room for a tensor's numbers, zeroed, aligned, the writer's; NULL when memory runs out. */
void *gguf_write_tensor(struct gguf_write *writer, const char *name, enum gguf_write_type type, uint32_t dimensions,
                        const uint64_t *ne);

/* Adds the digest and writes all of it; the caller commits. Once. Errors: FILE, MEMORY. */
int gguf_write_file(struct gguf_write *writer, struct file_writer *out);

#endif
