/* SPDX-License-Identifier: Apache-2.0
 * A model file: callers ask for every value and tensor by name, type and shape. A mismatch is logged with what was
 * expected and what is there. docs/blob.md is the list. The header is read once, a tensor when it is asked for. Both
 * are checked in memory that belongs to the blob, and never mapped: others may write into the file meanwhile. */
#ifndef BLOB_BLOB_H
#define BLOB_BLOB_H

#include "blob/gguf.h"

struct blob;

/* An I8 matrix of which single rows are read when they are asked for. In memory there are its scales, and 8 bytes for
 * 4 KiB of it, by which what is read is known again. */
struct blob_rows {
    struct blob *blob;
    uint64_t index;      /* of the tensor */
    const float *scales; /* (rows), the blob's, until blob_release() of NAME.scale */
    uint64_t rows, columns;
};

/* An I8 matrix and its row scales; both are the blob's, see blob_release(). */
struct blob_matrix {
    const int8_t *values; /* (rows, columns) */
    const float *scales;  /* (rows) */
    uint64_t rows, columns;
};

/* Opens `path`, and keeps it open; with `verify`, checks the header's SHA-256 now and each tensor's whenever it is
 * read. Errors: FILE, MEMORY. */
int blob_open(struct blob **out, const char *path, bool verify);
/* The same over bytes that outlive the blob (tests, fuzzing). */
int blob_parse(struct blob **out, const void *bytes, size_t size, const char *name, bool verify);
void blob_close(struct blob **blob);

const char *blob_name(const struct blob *blob); /* the path, for messages */
uint64_t blob_size(const struct blob *blob);    /* bytes of the file */
const struct gguf *blob_gguf(const struct blob *blob);
/* Names all bytes of the file: the SHA-256, in hex, of its last 64 KiB, which hold the digests of the others. */
const char *blob_key(const struct blob *blob);
/* Has another file come in the place of the one that is open? */
bool blob_replaced(const struct blob *blob);

/* Values. Each is FILE with one line when missing or of another type. Strings are terminated and
 * live as long as the blob. */
int blob_u32(const struct blob *blob, const char *key, uint32_t *value);
int blob_f32(const struct blob *blob, const char *key, float *value);
int blob_bool(const struct blob *blob, const char *key, bool *value);
int blob_string(const struct blob *blob, const char *key, const char **value);
int blob_strings(const struct blob *blob, const char *key, const struct gguf_string **values, uint64_t *count);
int blob_f32s(const struct blob *blob, const char *key, uint64_t count, float *values); /* copied */

/* One number, which is then each of the values, or an array of `count` of them. */
int blob_u32s(const struct blob *blob, const char *key, uint64_t count, uint32_t *values);

/* Tensors. The last argument may be NULL: then the tensor is only looked up, not read. Pointers are good until
 * blob_release() of that name. Errors: FILE (missing, other type or shape, hash differs, the file was changed or cut
 * short meanwhile), MEMORY. */
int blob_matrix(struct blob *blob, const char *name, uint64_t rows, uint64_t columns, struct blob_matrix *matrix);
int blob_vector(struct blob *blob, const char *name, uint64_t count,
                const float **values); /* F32; count = product of ne */
int blob_bytes(struct blob *blob, const char *name, uint64_t size, const uint8_t **bytes); /* I8 without scales */

/* For a large table of which few rows are used. The first time it reads all of the tensor through a small buffer to
 * check it. Errors: as above. */
int blob_rows(struct blob *blob, const char *name, uint64_t rows, uint64_t columns, struct blob_rows *out);
/* Row `row` < rows. values: (columns). Errors: FILE (the file was changed or cut short meanwhile). */
int blob_rows_read(const struct blob_rows *rows, uint64_t row, int8_t *values);

/* Frees the tensors whose names begin so; asked for again, they are read again. */
void blob_release(struct blob *blob, const char *prefix);

/* All tensors against their SHA-256, also those nobody asked for. Opened with `verify`. Errors: FILE. */
int blob_check(struct blob *blob);

#endif
