/* SPDX-License-Identifier: Apache-2.0
 * Tensors that are not held: their bytes go through a buffer, to be checked, and single rows are read when they are
 * asked for. */
#include "base/log.h"
#include "blob/blob_inner.h"
#include "blob/tensor_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 4096, BUFFER = 64 * PIECE };

/* Of a piece that was part of what the SHA-256 covers, to know it again: it need not withstand anybody who could as
 * well write another SHA-256. */
static uint64_t sum_of(const uint8_t *bytes, size_t size) {
    uint64_t sum = size;
    for (size_t i = 0; i < size; i += sizeof sum) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, size - i < sizeof word ? size - i : sizeof word);
        sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 29;
    }
    return sum;
}

static void take_sums(const uint8_t *bytes, size_t size, uint64_t *sums) {
    for (size_t i = 0; i < size; i += PIECE) *sums++ = sum_of(bytes + i, size - i < PIECE ? size - i : PIECE);
}

/* sums: (pieces), or NULL. */
static int hash(const struct blob *b, uint64_t index, uint8_t *buffer, struct sha256_stream *hash, uint64_t *sums) {
    uint64_t size = blob_length(b, index);
    int status = OCELLI_OK;
    for (uint64_t at = 0; at < size && !status; at += BUFFER) {
        size_t n = size - at < BUFFER ? (size_t)(size - at) : BUFFER;
        status = blob_fetch(b, index, at, n, buffer);
        if (status) break;
        sha256_add(hash, buffer, n);
        if (sums) take_sums(buffer, n, sums + at / PIECE);
    }
    return status;
}

static int stream(const struct blob *b, uint64_t index, uint64_t *sums) {
    uint8_t *buffer = malloc(BUFFER), digest[SHA256_SIZE];
    struct sha256_stream *sha = sha256_start();
    int status = buffer && sha ? hash(b, index, buffer, sha, sums)
                               : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", blob_name(b));
    if (sha) sha256_end(sha, digest);
    free(buffer);
    if (!status && memcmp(digest, b->digests + (1 + index) * SHA256_SIZE, SHA256_SIZE) != 0)
        status = blob_damaged(b, index);
    return status;
}

int blob_check(struct blob *blob) {
    int status = OCELLI_OK;
    for (uint64_t i = 0; i + 1 < blob->gguf.tensor_count && !status; i++)
        if (!blob->read[i]) status = stream(blob, i, NULL);
    return status;
}

/* Once for each blob: they stay, so that opening the same rows again reads nothing. */
static int find_sums(struct blob *b, uint64_t index) {
    if (!b->digests || b->sums[index]) return OCELLI_OK;
    uint64_t *sums = calloc(blob_length(b, index) / PIECE + 1, sizeof *sums);
    int status = sums ? stream(b, index, sums) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", blob_name(b));
    if (status)
        free(sums);
    else
        b->sums[index] = sums;
    return status;
}

int blob_rows(struct blob *blob, const char *name, uint64_t rows, uint64_t columns, struct blob_rows *out) {
    char scale[300];
    *out = (struct blob_rows){.blob = blob, .rows = rows, .columns = columns};
    int status = blob_matrix(blob, name, rows, columns, NULL);
    if (status) return status;
    snprintf(scale, sizeof scale, "%s" TENSOR_SCALE, name);
    out->index = (uint64_t)(gguf_tensor(&blob->gguf, name) - blob->gguf.tensors);
    status = find_sums(blob, out->index);
    return status ? status : blob_vector(blob, scale, rows, &out->scales);
}

/* One piece, as it was checked. */
static int read_piece(const struct blob *b, uint64_t index, uint64_t piece, uint8_t *bytes, size_t *size) {
    uint64_t left = blob_length(b, index) - piece * PIECE;
    *size = left < PIECE ? (size_t)left : PIECE;
    int status = blob_fetch(b, index, piece * PIECE, *size, bytes);
    if (!status && b->digests && sum_of(bytes, *size) != b->sums[index][piece]) status = blob_damaged(b, index);
    return status || b->digests ? status : blob_check_unchanged(b, index);
}

int blob_rows_read(const struct blob_rows *rows, uint64_t row, int8_t *values) {
    uint8_t bytes[PIECE];
    uint64_t at = row * rows->columns, end = at + rows->columns;
    int status = OCELLI_OK;
    while (at < end && !status) {
        size_t from = at % PIECE, size;
        status = read_piece(rows->blob, rows->index, at / PIECE, bytes, &size);
        if (status) break;
        size_t n = end - at < size - from ? (size_t)(end - at) : size - from;
        memcpy(values, bytes + from, n);
        values += n, at += n;
    }
    return status;
}
