/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/gguf_write.h"
#include "base/log.h"
#include "base/sha256.h"
#include "blob/tensor_names.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors and arrays are written as they lie in memory");

enum { VERSION = 3, ALIGNMENT = 64 };
enum value_type { U8 = 0, U32 = 4, F32 = 6, BOOL = 7, STRING = 8, ARRAY = 9 };

void gguf_write_finish(struct gguf_write *writer) {
    for (size_t i = 0; i < writer->tensor_count; i++) {
        uint8_t unused[SHA256_SIZE];
        free(writer->tensors[i].data);
        if (writer->tensors[i].hash) sha256_end(writer->tensors[i].hash, unused);
    }
    free(writer->tensors);
    free(writer->values.data);
    arena_finish(&writer->arena);
    *writer = (struct gguf_write){0};
}

static bool put(struct gguf_write_bytes *b, const void *data, size_t size) {
    if (b->capacity - b->size < size) {
        size_t capacity = (b->size + size) * 2;
        uint8_t *grown = realloc(b->data, capacity);
        if (!grown) return false;
        b->data = grown;
        b->capacity = capacity;
    }
    if (size > 0) memcpy(b->data + b->size, data, size);
    b->size += size;
    return true;
}

static bool put_number(struct gguf_write_bytes *b, uint64_t value, size_t size) {
    uint8_t bytes[8];
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(value >> (8 * i));
    return put(b, bytes, size);
}

static bool put_string(struct gguf_write_bytes *b, const char *text, size_t length) {
    return put_number(b, length, 8) && put(b, text, length);
}

static bool put_float(struct gguf_write_bytes *b, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return put_number(b, bits, 4);
}

static void begin(struct gguf_write *w, const char *key, enum value_type type) {
    w->value_count++;
    if (!put_string(&w->values, key, strlen(key)) || !put_number(&w->values, type, 4)) w->failed = true;
}

static void begin_array(struct gguf_write *w, const char *key, enum value_type type, size_t count) {
    begin(w, key, ARRAY);
    if (!put_number(&w->values, type, 4) || !put_number(&w->values, count, 8)) w->failed = true;
}

void gguf_write_u32(struct gguf_write *writer, const char *key, uint32_t value) {
    begin(writer, key, U32);
    if (!put_number(&writer->values, value, 4)) writer->failed = true;
}

void gguf_write_f32(struct gguf_write *writer, const char *key, float value) {
    begin(writer, key, F32);
    if (!put_float(&writer->values, value)) writer->failed = true;
}

void gguf_write_bool(struct gguf_write *writer, const char *key, bool value) {
    begin(writer, key, BOOL);
    if (!put_number(&writer->values, value, 1)) writer->failed = true;
}

void gguf_write_text(struct gguf_write *writer, const char *key, const char *value) {
    begin(writer, key, STRING);
    gguf_write_element(writer, value, strlen(value));
}

static void write_array(struct gguf_write *w, const char *key, enum value_type type, const void *values, size_t count,
                        size_t size) {
    begin_array(w, key, type, count);
    if (!put(&w->values, values, count * size)) w->failed = true;
}

void gguf_write_f32s(struct gguf_write *writer, const char *key, const float *values, size_t count) {
    write_array(writer, key, F32, values, count, sizeof *values);
}

void gguf_write_bytes(struct gguf_write *writer, const char *key, const uint8_t *values, size_t count) {
    write_array(writer, key, U8, values, count, sizeof *values);
}

void gguf_write_bools(struct gguf_write *writer, const char *key, const bool *values, size_t count) {
    _Static_assert(sizeof *values == 1, "a bool is a byte of 0 or 1, as in the file");
    write_array(writer, key, BOOL, values, count, sizeof *values);
}

void gguf_write_u32s(struct gguf_write *writer, const char *key, const uint32_t *values, size_t count) {
    write_array(writer, key, U32, values, count, sizeof *values);
}

void gguf_write_texts(struct gguf_write *writer, const char *key, size_t count) {
    begin_array(writer, key, STRING, count);
}

void gguf_write_element(struct gguf_write *writer, const char *text, size_t length) {
    if (!put_string(&writer->values, text, length)) writer->failed = true;
}

static uint64_t padded(uint64_t size) {
    return (size + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

static struct gguf_write_tensor *next_tensor(struct gguf_write *w) {
    if (w->tensor_count == w->tensor_capacity) {
        size_t capacity = w->tensor_capacity ? w->tensor_capacity * 2 : 64;
        struct gguf_write_tensor *grown = realloc(w->tensors, capacity * sizeof *grown);
        if (!grown) return NULL;
        w->tensors = grown;
        w->tensor_capacity = capacity;
    }
    return &w->tensors[w->tensor_count];
}

static void *fail(struct gguf_write *w) {
    w->failed = true;
    return NULL;
}

static struct gguf_write_tensor *declare(struct gguf_write *writer, const char *name, enum gguf_write_type type,
                                         uint32_t dimensions, const uint64_t *ne) {
    struct gguf_write_tensor *t = next_tensor(writer);
    if (!t) return fail(writer);
    *t = (struct gguf_write_tensor){.name = arena_copy(&writer->arena, name, strlen(name)),
                                    .type = type,
                                    .dimensions = dimensions,
                                    .size = type == GGUF_WRITE_F32 ? 4 : 1};
    for (uint32_t i = 0; i < dimensions; i++) t->size *= t->ne[i] = ne[i];
    t->capacity = padded(t->size);
    if (!t->name) return fail(writer);
    writer->tensor_count++;
    return t;
}

void *gguf_write_tensor(struct gguf_write *writer, const char *name, enum gguf_write_type type, uint32_t dimensions,
                        const uint64_t *ne) {
    struct gguf_write_tensor *t = declare(writer, name, type, dimensions, ne);
    if (t && !(t->data = calloc(1, t->capacity))) return fail(writer);
    return t ? t->data : NULL;
}

void gguf_write_declare(struct gguf_write *writer, const char *name, enum gguf_write_type type, uint32_t dimensions,
                        const uint64_t *ne) {
    declare(writer, name, type, dimensions, ne);
}

static bool put_tensor(struct gguf_write_bytes *b, const struct gguf_write_tensor *t, uint64_t offset) {
    bool good = put_string(b, t->name, strlen(t->name)) && put_number(b, t->dimensions, 4);
    for (uint32_t i = 0; i < t->dimensions; i++) good = good && put_number(b, t->ne[i], 8);
    return good && put_number(b, t->type, 4) && put_number(b, offset, 8);
}

/* Everything before the data section, with its padding. */
static bool build_header(const struct gguf_write *w, struct gguf_write_bytes *b) {
    static const uint8_t zeros[ALIGNMENT];
    bool good = put(b, "GGUF", 4) && put_number(b, VERSION, 4) && put_number(b, w->tensor_count, 8) &&
                put_number(b, w->value_count, 8) && put(b, w->values.data, w->values.size);
    uint64_t offset = 0;
    for (size_t i = 0; i < w->tensor_count; offset += w->tensors[i++].capacity)
        good = good && put_tensor(b, &w->tensors[i], offset);
    return good && put(b, zeros, padded(b->size) - b->size);
}

static int write_all(const struct gguf_write *w, const struct gguf_write_bytes *header, uint8_t *digests,
                     struct file_writer *out) {
    size_t last = w->tensor_count - 1; /* the digest itself, which ends the file without padding */
    sha256(header->data, header->size, digests);
    for (size_t i = 0; i < last; i++)
        sha256(w->tensors[i].data, w->tensors[i].capacity, digests + (1 + i) * SHA256_SIZE);
    int status = file_writer_write(out, header->data, header->size);
    for (size_t i = 0; i < last && !status; i++)
        status = file_writer_write(out, w->tensors[i].data, w->tensors[i].capacity);
    return status ? status : file_writer_write(out, digests, w->tensors[last].size);
}

int gguf_write_file(struct gguf_write *writer, struct file_writer *out) {
    struct gguf_write_bytes header = {0};
    uint64_t ne[2] = {SHA256_SIZE, 1 + writer->tensor_count};
    uint8_t *digests = gguf_write_tensor(writer, TENSOR_DIGEST, GGUF_WRITE_I8, 2, ne);
    bool good = !writer->failed && digests && build_header(writer, &header);
    int status =
        good ? write_all(writer, &header, digests, out) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", out->path);
    free(header.data);
    return status;
}

/* ---- piece by piece ---- */

static int no_memory(const struct gguf_write *w) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", w->out->path);
}

int gguf_write_begin(struct gguf_write *writer, struct file_writer *out) {
    struct gguf_write_bytes header = {0};
    uint64_t offset = 0;
    writer->out = out;
    gguf_write_declare(writer, TENSOR_DIGEST, GGUF_WRITE_I8, 2, (uint64_t[]){SHA256_SIZE, 1 + writer->tensor_count});
    for (size_t i = 0; i < writer->tensor_count; i++) {
        writer->tensors[i].offset = offset;
        offset += writer->tensors[i].capacity;
    }
    bool good = !writer->failed && build_header(writer, &header);
    writer->header_size = header.size;
    free(header.data);
    return good ? OCELLI_OK : no_memory(writer);
}

static struct gguf_write_tensor *find(const struct gguf_write *w, const char *name) {
    for (size_t i = 0; i < w->tensor_count; i++)
        if (strcmp(w->tensors[i].name, name) == 0) return &w->tensors[i];
    return NULL;
}

bool gguf_write_has(const struct gguf_write *writer, const char *name) {
    const struct gguf_write_tensor *t = find(writer, name);
    return t && t->pieces == t->size;
}

/* The padding is hashed with the tensor, and written too: a hole would do, if all file systems had them. */
static int end_tensor(struct gguf_write *w, struct gguf_write_tensor *t) {
    static const uint8_t zeros[ALIGNMENT];
    sha256_add(t->hash, zeros, t->capacity - t->size);
    sha256_end(t->hash, t->digest);
    t->hash = NULL;
    return file_writer_at(w->out, w->header_size + t->offset + t->size, zeros, t->capacity - t->size);
}

int gguf_write_piece(struct gguf_write *writer, const char *name, const void *data, size_t size) {
    struct gguf_write_tensor *t = find(writer, name);
    if (!t || size > t->size - t->pieces)
        return log_fail(OCELLI_ERR_WRONG, "%s: tensor %s: more bytes than it has room for", writer->out->path, name);
    if (t->pieces == 0 && !(t->hash = sha256_start())) return no_memory(writer);
    sha256_add(t->hash, data, size);
    int status = file_writer_at(writer->out, writer->header_size + t->offset + t->pieces, data, size);
    t->pieces += size;
    return !status && t->pieces == t->size ? end_tensor(writer, t) : status;
}

void gguf_write_again(struct gguf_write *writer) {
    writer->values.size = 0;
    writer->value_count = 0;
}

static int put_end(struct gguf_write *w, const struct gguf_write_bytes *header) {
    size_t last = w->tensor_count - 1;
    struct gguf_write_tensor *digest = &w->tensors[last];
    uint8_t *digests = calloc(w->tensor_count, SHA256_SIZE);
    if (!digests) return no_memory(w);
    sha256(header->data, header->size, digests);
    for (size_t i = 0; i < last; i++) memcpy(digests + (1 + i) * SHA256_SIZE, w->tensors[i].digest, SHA256_SIZE);
    int status = file_writer_at(w->out, 0, header->data, header->size);
    if (!status) status = file_writer_at(w->out, w->header_size + digest->offset, digests, digest->size);
    w->out->written = w->header_size + digest->offset + digest->size;
    free(digests);
    return status;
}

int gguf_write_end(struct gguf_write *writer) {
    struct gguf_write_bytes header = {0};
    int status = OCELLI_OK;
    for (size_t i = 0; i + 1 < writer->tensor_count && !status; i++)
        if (writer->tensors[i].pieces != writer->tensors[i].size)
            status =
                log_fail(OCELLI_ERR_WRONG, "%s: tensor %s was not written", writer->out->path, writer->tensors[i].name);
    if (!status && (writer->failed || !build_header(writer, &header))) status = no_memory(writer);
    if (!status && header.size != writer->header_size)
        status = log_fail(OCELLI_ERR_WRONG, "%s: the header changed its size", writer->out->path);
    if (!status) status = put_end(writer, &header);
    free(header.data);
    return status;
}
