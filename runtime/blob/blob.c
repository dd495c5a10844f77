/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/blob.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct blob {
    struct file_map map; /* empty for blob_parse() */
    const uint8_t *bytes;
    size_t size;
    char *name;
    struct gguf gguf;
    const uint8_t *digests; /* (1 + tensors before it, SHA256_SIZE); NULL: not verifying */
    bool *checked;          /* (tensors) digest seen to be right */
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are used as they lie in the file");

enum { ALIGNMENT = 64 }; /* also what makes the float pointers below aligned */
static const char digest_name[] = "ocelli.digest";

const char *blob_name(const struct blob *b) {
    return b->name;
}

uint64_t blob_size(const struct blob *b) {
    return b->size;
}

const struct gguf *blob_gguf(const struct blob *b) {
    return &b->gguf;
}

void blob_release(const struct blob *b) {
    file_map_release(&b->map);
}

static int damaged(const struct blob *b, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s: damaged: %s differs from its SHA-256: copy or convert the file again", b->name, what);
}

static bool matches(const uint8_t *bytes, uint64_t size, const uint8_t *expected) {
    uint8_t digest[SHA256_SIZE];
    sha256(bytes, size, digest);
    return memcmp(digest, expected, SHA256_SIZE) == 0;
}

/* The digest must be the last tensor, right behind the others, and end the file. */
static int find_digests(struct blob *b) {
    const struct gguf *g = &b->gguf;
    uint64_t others = g->tensor_count - 1, place = 0;
    const struct gguf_tensor *t = g->tensor_count ? &g->tensors[others] : NULL;
    if (g->alignment != ALIGNMENT)
        return log_fail(OCELLI_ERR_FILE, "%s: general.alignment is %llu, expected %d: not a blob of ocelli-convert", b->name,
                        (unsigned long long)g->alignment, ALIGNMENT);
    if (!t || strcmp(t->name, digest_name) != 0)
        return log_fail(OCELLI_ERR_FILE, "%s: no ocelli.digest at its end: not a blob of ocelli-convert", b->name);
    if (t->type != GGUF_TENSOR_I8 || t->dimensions != 2 || t->ne[0] != SHA256_SIZE || t->ne[1] != 1 + others)
        return log_fail(OCELLI_ERR_FILE, "%s: ocelli.digest is not (32, %llu) I8: convert the file again", b->name,
                        (unsigned long long)(1 + others));
    for (uint64_t i = 0; i <= others; i++) {
        if (g->tensors[i].offset != place)
            return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is out of place: convert the file again", b->name,
                            g->tensors[i].name);
        place = (place + g->tensors[i].size + g->alignment - 1) & ~(g->alignment - 1);
    }
    if (t->offset + t->size != g->data_size)
        return log_fail(OCELLI_ERR_FILE, "%s: bytes after the last tensor: copy or convert the file again", b->name);
    b->digests = g->data + t->offset;
    return OCELLI_OK;
}

static int check_header(struct blob *b, bool verify) {
    int status = find_digests(b);
    if (status) return status;
    if (!verify) {
        b->digests = NULL;
        return OCELLI_OK;
    }
    b->checked = calloc(b->gguf.tensor_count, sizeof *b->checked);
    if (!b->checked) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", b->name);
    return matches(b->bytes, b->gguf.header_size, b->digests) ? OCELLI_OK : damaged(b, "the header");
}

static int parse(struct blob *b, const void *bytes, size_t size, bool verify) {
    b->bytes = bytes;
    b->size = size;
    int status = gguf_parse(&b->gguf, bytes, size, b->name);
    return status ? status : check_header(b, verify);
}

static struct blob *create(const char *name) {
    struct blob *b = calloc(1, sizeof *b);
    if (b) b->name = strdup(name);
    if (b && b->name) return b;
    free(b);
    log_error("%s: out of memory", name);
    return NULL;
}

int blob_open(struct blob **out, const char *path, bool verify) {
    *out = NULL;
    struct blob *b = create(path);
    if (!b) return OCELLI_ERR_MEMORY;
    int status = file_map_open(&b->map, path);
    if (!status) status = parse(b, b->map.data, b->map.size, verify);
    if (status) blob_close(&b);
    *out = b;
    return status;
}

int blob_parse(struct blob **out, const void *bytes, size_t size, const char *name, bool verify) {
    *out = NULL;
    struct blob *b = create(name);
    if (!b) return OCELLI_ERR_MEMORY;
    int status = parse(b, bytes, size, verify);
    if (status) blob_close(&b);
    *out = b;
    return status;
}

void blob_close(struct blob **blob) {
    if (!blob || !*blob) return;
    struct blob *b = *blob;
    gguf_finish(&b->gguf);
    file_map_close(&b->map);
    free(b->checked);
    free(b->name);
    free(b);
    *blob = NULL;
}

static const char *type_name(const struct gguf_value *v) {
    static const char *const names[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                        "bool", "string", "array", "u64", "i64", "f64"};
    return names[v->type];
}

/* A value of the wanted type, or NULL with one line. */
static const struct gguf_value *expect(const struct blob *b, const char *key, enum gguf_type type, const char *wanted) {
    const struct gguf_value *v = gguf_value(&b->gguf, key);
    if (!v)
        log_error("%s: %s is missing: convert the checkpoint again", b->name, key);
    else if (v->type != type)
        log_error("%s: %s is %s, expected %s: convert the checkpoint again", b->name, key, type_name(v), wanted);
    else
        return v;
    return NULL;
}

int blob_u32(const struct blob *b, const char *key, uint32_t *value) {
    const struct gguf_value *v = expect(b, key, GGUF_U32, "u32");
    if (v) *value = (uint32_t)v->number.u;
    return v ? OCELLI_OK : OCELLI_ERR_FILE;
}

int blob_f32(const struct blob *b, const char *key, float *value) {
    const struct gguf_value *v = expect(b, key, GGUF_F32, "f32");
    if (v) *value = (float)v->number.f;
    return v ? OCELLI_OK : OCELLI_ERR_FILE;
}

int blob_bool(const struct blob *b, const char *key, bool *value) {
    const struct gguf_value *v = expect(b, key, GGUF_BOOL, "bool");
    if (v) *value = v->number.u != 0;
    return v ? OCELLI_OK : OCELLI_ERR_FILE;
}

/* The file's strings are not terminated: the copy lives in the parser's arena. A NUL inside would cut it. */
int blob_string(const struct blob *b, const char *key, const char **value) {
    const struct gguf_value *v = expect(b, key, GGUF_STRING, "string");
    if (!v) return OCELLI_ERR_FILE;
    if (memchr(v->strings->text, 0, v->strings->length))
        return log_fail(OCELLI_ERR_FILE, "%s: %s has a NUL inside: convert the checkpoint again", b->name, key);
    *value = arena_copy((struct arena *)&b->gguf.arena, v->strings->text, v->strings->length);
    return *value ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", b->name);
}

int blob_strings(const struct blob *b, const char *key, const struct gguf_string **values, uint64_t *count) {
    const struct gguf_value *v = expect(b, key, GGUF_ARRAY, "array of strings");
    if (!v) return OCELLI_ERR_FILE;
    if (v->element != GGUF_STRING)
        return log_fail(OCELLI_ERR_FILE, "%s: %s is not an array of strings: convert the checkpoint again", b->name, key);
    *values = v->strings;
    *count = v->count;
    return OCELLI_OK;
}

int blob_f32s(const struct blob *b, const char *key, uint64_t count, float *values) {
    const struct gguf_value *v = expect(b, key, GGUF_ARRAY, "array of f32");
    if (!v) return OCELLI_ERR_FILE;
    if (v->element != GGUF_F32 || v->count != count)
        return log_fail(OCELLI_ERR_FILE, "%s: %s is not %llu f32: convert the checkpoint again", b->name, key,
                        (unsigned long long)count);
    memcpy(values, v->bytes, count * sizeof *values);
    return OCELLI_OK;
}

/* From the tensor's first byte to the next one's: padding is covered too. */
static int verify(struct blob *b, uint64_t index) {
    if (!b->digests || b->checked[index]) return OCELLI_OK;
    const struct gguf_tensor *t = &b->gguf.tensors[index];
    if (!matches(b->gguf.data + t->offset, t[1].offset - t->offset, b->digests + (1 + index) * SHA256_SIZE))
        return damaged(b, t->name);
    b->checked[index] = true;
    return OCELLI_OK;
}

int blob_check(struct blob *b) {
    int status = OCELLI_OK;
    for (uint64_t i = 0; i + 1 < b->gguf.tensor_count && !status; i++) status = verify(b, i);
    return status;
}

/* A tensor of the wanted type, seen to be undamaged. */
static int find(struct blob *b, const char *name, enum gguf_tensor_type type, const struct gguf_tensor **out) {
    const struct gguf_tensor *t = gguf_tensor(&b->gguf, name);
    if (!t) return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is missing: convert the checkpoint again", b->name, name);
    if (t->type != type)
        return log_fail(OCELLI_ERR_FILE, "%s: tensor %s has type %d, expected %d: convert the checkpoint again", b->name, name,
                        t->type, type);
    uint64_t index = (uint64_t)(t - b->gguf.tensors);
    if (index + 1 == b->gguf.tensor_count)
        return log_fail(OCELLI_ERR_FILE, "%s: the digest is not a tensor of the model", b->name);
    *out = t;
    return verify(b, index);
}

static int wrong_shape(const struct blob *b, const struct gguf_tensor *t, uint64_t rows, uint64_t columns) {
    return log_fail(OCELLI_ERR_FILE,
                    "%s: tensor %s is (%llu, %llu, %llu, %llu), expected %llu x %llu: convert the checkpoint again", b->name,
                    t->name, (unsigned long long)t->ne[0], (unsigned long long)t->ne[1], (unsigned long long)t->ne[2],
                    (unsigned long long)t->ne[3], (unsigned long long)columns, (unsigned long long)rows);
}

/* Rows are the slowest dimension; the faster ones together are a row (a convolution has three). */
static bool has_shape(const struct gguf_tensor *t, uint64_t rows, uint64_t columns) {
    uint64_t row = 1;
    for (uint32_t i = 0; i + 1 < t->dimensions; i++) row *= t->ne[i];
    return t->dimensions >= 2 && t->ne[t->dimensions - 1] == rows && row == columns;
}

int blob_matrix(struct blob *b, const char *name, uint64_t rows, uint64_t columns, struct blob_matrix *matrix) {
    const struct gguf_tensor *t;
    int status = find(b, name, GGUF_TENSOR_I8, &t);
    if (status) return status;
    if (!has_shape(t, rows, columns)) return wrong_shape(b, t, rows, columns);
    char scale[300];
    snprintf(scale, sizeof scale, "%s.scale", name);
    *matrix = (struct blob_matrix){.values = (const int8_t *)(b->gguf.data + t->offset), .rows = rows, .columns = columns};
    return blob_vector(b, scale, rows, &matrix->scales);
}

int blob_vector(struct blob *b, const char *name, uint64_t count, const float **values) {
    const struct gguf_tensor *t;
    int status = find(b, name, GGUF_TENSOR_F32, &t);
    if (status) return status;
    if (t->size != count * sizeof(float)) return wrong_shape(b, t, 1, count);
    const float *f = (const float *)(const void *)(b->gguf.data + t->offset);
    for (uint64_t i = 0; i < count; i++)
        if (!isfinite(f[i]))
            return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is not finite at %llu: convert the checkpoint again", b->name, name,
                            (unsigned long long)i);
    *values = f;
    return OCELLI_OK;
}

int blob_bytes(struct blob *b, const char *name, uint64_t size, const uint8_t **bytes) {
    const struct gguf_tensor *t;
    int status = find(b, name, GGUF_TENSOR_I8, &t);
    if (status) return status;
    if (t->size != size) return wrong_shape(b, t, 1, size);
    *bytes = b->gguf.data + t->offset;
    return OCELLI_OK;
}
