/* SPDX-License-Identifier: Apache-2.0
 * What struct blob is made of. */
#ifndef BLOB_BLOB_INNER_H
#define BLOB_BLOB_INNER_H

#include "base/file.h"
#include "base/sha256.h"
#include "blob/blob.h"

struct blob {
    int fd;               /* -1: blob_parse() */
    const uint8_t *bytes; /* of blob_parse() */
    uint64_t size;        /* of the file */
    struct file_stamp stamp;
    char *name;
    uint8_t *head; /* the file's first bytes: the header and some more */
    struct gguf gguf;
    char key[SHA256_HEX_SIZE];
    uint8_t *digests; /* (1 + tensors before it, SHA256_SIZE); NULL: not verifying */
    uint8_t **read;   /* (tensors) bytes of each, to the next one's; NULL: not asked for */
    uint64_t **sums;  /* (tensors) a sum for 4 KiB of each; NULL: its rows were not asked for, or not verifying */
};

/* The bytes of tensor `index`, read now unless they are there, and seen to be undamaged. Errors: FILE, MEMORY. */
int blob_load(struct blob *blob, uint64_t index, const uint8_t **bytes);

/* Bytes from the tensor's first to the next one's: padding is covered by the digest too. */
uint64_t blob_length(const struct blob *blob, uint64_t index);
/* `size` of these, from `at` on, unchecked. Errors: FILE. */
int blob_fetch(const struct blob *blob, uint64_t index, uint64_t at, uint64_t size, uint8_t *to);
/* Logs that bytes of a tensor are not those of the digest. Gives FILE. */
int blob_damaged(const struct blob *blob, uint64_t index);
/* What the file's entry tells. Errors: FILE. */
int blob_check_unchanged(const struct blob *blob, uint64_t index);

#endif
