/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "blob/blob_inner.h"
#include "blob/tensor_names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are used as they lie in the file");

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

int blob_u32(const struct blob *blob, const char *key, uint32_t *value) {
    const struct gguf_value *v = expect(blob, key, GGUF_U32, "u32");
    if (v) *value = (uint32_t)v->number.u;
    return v ? OCELLI_OK : OCELLI_ERR_FILE;
}

int blob_f32(const struct blob *blob, const char *key, float *value) {
    const struct gguf_value *v = expect(blob, key, GGUF_F32, "f32");
    if (v) *value = (float)v->number.f;
    return v ? OCELLI_OK : OCELLI_ERR_FILE;
}

int blob_bool(const struct blob *blob, const char *key, bool *value) {
    const struct gguf_value *v = expect(blob, key, GGUF_BOOL, "bool");
    if (v) *value = v->number.u != 0;
    return v ? OCELLI_OK : OCELLI_ERR_FILE;
}

/* The file's strings are not terminated: the copy lives in the parser's arena. A NUL inside would cut it. */
int blob_string(const struct blob *blob, const char *key, const char **value) {
    const struct gguf_value *v = expect(blob, key, GGUF_STRING, "string");
    if (!v) return OCELLI_ERR_FILE;
    if (memchr(v->strings->text, 0, v->strings->length))
        return log_fail(OCELLI_ERR_FILE, "%s: %s has a NUL inside: convert the checkpoint again", blob->name, key);
    *value = arena_copy((struct arena *)&blob->gguf.arena, v->strings->text, v->strings->length);
    return *value ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", blob->name);
}

int blob_strings(const struct blob *blob, const char *key, const struct gguf_string **values, uint64_t *count) {
    const struct gguf_value *v = expect(blob, key, GGUF_ARRAY, "array of strings");
    if (!v) return OCELLI_ERR_FILE;
    if (v->element != GGUF_STRING)
        return log_fail(OCELLI_ERR_FILE, "%s: %s is not an array of strings: convert the checkpoint again", blob->name,
                        key);
    *values = v->strings;
    *count = v->count;
    return OCELLI_OK;
}

int blob_f32s(const struct blob *blob, const char *key, uint64_t count, float *values) {
    const struct gguf_value *v = expect(blob, key, GGUF_ARRAY, "array of f32");
    if (!v) return OCELLI_ERR_FILE;
    if (v->element != GGUF_F32 || v->count != count)
        return log_fail(OCELLI_ERR_FILE, "%s: %s is not %llu f32: convert the checkpoint again", blob->name, key,
                        (unsigned long long)count);
    memcpy(values, v->bytes, count * sizeof *values);
    return OCELLI_OK;
}

int blob_u32s(const struct blob *blob, const char *key, uint64_t count, uint32_t *values) {
    const struct gguf_value *v = gguf_value(&blob->gguf, key);
    uint32_t one;
    if (!v || v->type != GGUF_ARRAY) {
        int status = blob_u32(blob, key, &one);
        for (uint64_t i = 0; i < count && !status; i++) values[i] = one;
        return status;
    }
    if (v->element != GGUF_U32 || v->count != count)
        return log_fail(OCELLI_ERR_FILE, "%s: %s is not %llu u32: convert the checkpoint again", blob->name, key,
                        (unsigned long long)count);
    memcpy(values, v->bytes, count * sizeof *values);
    return OCELLI_OK;
}

/* A tensor of the wanted type. */
static int find(const struct blob *b, const char *name, enum gguf_tensor_type type, const struct gguf_tensor **out) {
    const struct gguf_tensor *t = gguf_tensor(&b->gguf, name);
    if (!t) return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is missing: convert the checkpoint again", b->name, name);
    if (t->type != type)
        return log_fail(OCELLI_ERR_FILE, "%s: tensor %s has type %d, expected %d: convert the checkpoint again",
                        b->name, name, t->type, type);
    uint64_t index = (uint64_t)(t - b->gguf.tensors);
    if (index + 1 == b->gguf.tensor_count)
        return log_fail(OCELLI_ERR_FILE, "%s: the digest is not a tensor of the model", b->name);
    *out = t;
    return OCELLI_OK;
}

static int load(struct blob *b, const struct gguf_tensor *t, const uint8_t **bytes) {
    return blob_load(b, (uint64_t)(t - b->gguf.tensors), bytes);
}

static int wrong_shape(const struct blob *b, const struct gguf_tensor *t, uint64_t rows, uint64_t columns) {
    return log_fail(OCELLI_ERR_FILE,
                    "%s: tensor %s is (%llu, %llu, %llu, %llu), expected %llu x %llu: convert the checkpoint again",
                    b->name, t->name, (unsigned long long)t->ne[0], (unsigned long long)t->ne[1],
                    (unsigned long long)t->ne[2], (unsigned long long)t->ne[3], (unsigned long long)columns,
                    (unsigned long long)rows);
}

/* Rows are the slowest dimension; the faster ones together are a row (a convolution has three). */
static bool has_shape(const struct gguf_tensor *t, uint64_t rows, uint64_t columns) {
    uint64_t row = 1;
    for (uint32_t i = 0; i + 1 < t->dimensions; i++) row *= t->ne[i];
    return t->dimensions >= 2 && t->ne[t->dimensions - 1] == rows && row == columns;
}

int blob_matrix(struct blob *blob, const char *name, uint64_t rows, uint64_t columns, struct blob_matrix *matrix) {
    const struct gguf_tensor *t;
    const uint8_t *bytes = NULL;
    char scale[300];
    int status = find(blob, name, GGUF_TENSOR_I8, &t);
    if (status) return status;
    if (!has_shape(t, rows, columns)) return wrong_shape(blob, t, rows, columns);
    if (matrix) status = load(blob, t, &bytes);
    if (status) return status;
    if (matrix) *matrix = (struct blob_matrix){.values = (const int8_t *)bytes, .rows = rows, .columns = columns};
    snprintf(scale, sizeof scale, "%s" TENSOR_SCALE, name);
    return blob_vector(blob, scale, rows, matrix ? &matrix->scales : NULL);
}

int blob_vector(struct blob *blob, const char *name, uint64_t count, const float **values) {
    const struct gguf_tensor *t;
    const uint8_t *bytes;
    int status = find(blob, name, GGUF_TENSOR_F32, &t);
    if (status) return status;
    if (t->size != count * sizeof(float)) return wrong_shape(blob, t, 1, count);
    if (!values) return OCELLI_OK;
    status = load(blob, t, &bytes);
    if (status) return status;
    const float *f = (const float *)(const void *)bytes;
    for (uint64_t i = 0; i < count; i++)
        if (!isfinite(f[i]))
            return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is not finite at %llu: convert the checkpoint again",
                            blob->name, name, (unsigned long long)i);
    *values = f;
    return OCELLI_OK;
}

int blob_bytes(struct blob *blob, const char *name, uint64_t size, const uint8_t **bytes) {
    const struct gguf_tensor *t;
    int status = find(blob, name, GGUF_TENSOR_I8, &t);
    if (status) return status;
    if (t->size != size) return wrong_shape(blob, t, 1, size);
    return bytes ? load(blob, t, bytes) : OCELLI_OK;
}
