/* SPDX-License-Identifier: Apache-2.0
 * The files a conversion read, with their SHA-256: the blob and the report name them. */
#ifndef CONVERT_SOURCE_H
#define CONVERT_SOURCE_H

#include "base/arena.h"
#include "base/file.h"
#include "base/sha256.h"
#include <stdbool.h>

struct source {
    const char *name; /* without its folder */
    char hash[SHA256_HEX_SIZE];
    struct source *next;
};

struct sources {
    struct arena arena;
    struct source *first, *last; /* in the order they were read */
    size_t count;
};

/* Reads `path` and remembers it. Errors: FILE, MEMORY. */
int source_read(struct sources *sources, struct file_bytes *bytes, const char *path);
/* The same without keeping the bytes: the file is read once for its hash and stays open. *fd is the caller's to close.
 */
int sources_open(struct sources *sources, int *fd, struct file_stamp *stamp, const char *path);
/* Is an open one still as it was? Errors: FILE. */
int sources_check(int fd, struct file_stamp stamp, const char *path);
/* The hash of the file read last, in hex. */
const char *source_last_hash(const struct sources *sources);
void source_finish(struct sources *sources);

/* Of a path: ".json". */
bool source_ends_with(const char *path, const char *end);
/* FOLDER/NAME in the arena, or NULL. */
char *source_path(struct arena *arena, const char *folder, const char *name);
bool source_exists(const char *path);
/* The same of FOLDER/NAME; false when memory runs out. */
bool source_has(const char *folder, const char *name);

#endif
