/* SPDX-License-Identifier: Apache-2.0
 * Where the numbers of a checkpoint lie: a file, an entry of a zip archive, or memory. Read piece by piece, so that a
 * checkpoint larger than the memory can be converted. */
#ifndef CONVERT_STORAGE_H
#define CONVERT_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct storage {
    const char *name;                                                             /* of the file, for messages */
    uint64_t size;                                                                /* bytes */
    int (*read)(struct storage *storage, void *to, size_t size, uint64_t offset); /* says what failed */
};

struct storage_memory {
    struct storage base;
    const uint8_t *bytes;
};

struct storage_file {
    struct storage base;
    int fd; /* the caller's */
};

void storage_of_memory(struct storage_memory *storage, const void *bytes, size_t size, const char *name);
void storage_of_file(struct storage_file *storage, int fd, uint64_t size, const char *name);

/* All of `size` bytes from `offset` on. Several threads may read at a time. Errors: FILE (outside, cannot be read). */
int storage_read(struct storage *storage, void *to, size_t size, uint64_t offset);
/* Do these bytes lie there? At most 16. false also where there are fewer. */
bool storage_has(struct storage *storage, uint64_t offset, const void *bytes, size_t size);

#endif
