/* SPDX-License-Identifier: Apache-2.0
 * A model file, mapped: every value and tensor is asked for by name, type and shape, and a
 * mismatch says what was expected and what is there. docs/blob.md is the list. */
#ifndef BLOB_BLOB_H
#define BLOB_BLOB_H

#include "blob/gguf.h"

struct blob;

/* An I8 matrix and its row scales; both point into the mapped file. */
struct blob_matrix {
    const int8_t *values; /* (rows, columns) */
    const float *scales;  /* (rows) */
    uint64_t rows, columns;
};

/* Maps `path`; with `verify`, checks the header's SHA-256 now and each tensor's when it is first
 * asked for. Errors: FILE, MEMORY. */
int blob_open(struct blob **out, const char *path, bool verify);
/* The same over bytes that outlive the blob and are aligned as malloc() does (tests, fuzzing). */
int blob_parse(struct blob **out, const void *bytes, size_t size, const char *name, bool verify);
void blob_close(struct blob **blob);

const char *blob_name(const struct blob *blob); /* the path, for messages */
uint64_t blob_size(const struct blob *blob);    /* bytes of the file */
const struct gguf *blob_gguf(const struct blob *blob);

/* Values. Each is FILE with one line when missing or of another type. Strings are terminated and
 * live as long as the blob. */
int blob_u32(const struct blob *blob, const char *key, uint32_t *value);
int blob_f32(const struct blob *blob, const char *key, float *value);
int blob_bool(const struct blob *blob, const char *key, bool *value);
int blob_string(const struct blob *blob, const char *key, const char **value);
int blob_strings(const struct blob *blob, const char *key, const struct gguf_string **values, uint64_t *count);
int blob_f32s(const struct blob *blob, const char *key, uint64_t count, float *values); /* copied */

/* Tensors. Errors: FILE (missing, other type or shape, hash differs). Pointers into the file. */
int blob_matrix(struct blob *blob, const char *name, uint64_t rows, uint64_t columns, struct blob_matrix *matrix);
int blob_vector(struct blob *blob, const char *name, uint64_t count, const float **values); /* F32; count = product of ne */
int blob_bytes(struct blob *blob, const char *name, uint64_t size, const uint8_t **bytes);  /* I8 without scales */

/* What was read so far need not stay in main memory; pointers stay good. For loaders, which copy. */
void blob_release(const struct blob *blob);

/* All tensors against their SHA-256, also those nobody asked for. Opened with `verify`. Errors: FILE. */
int blob_check(struct blob *blob);

#endif
