/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/read/source.h"
#include "base/log.h"
#include "convert/read/storage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int add(struct sources *sources, const char *path, const uint8_t digest[SHA256_SIZE]) {
    const char *name = base_name(path);
    struct source *added = arena_alloc(&sources->arena, 1, sizeof *added);
    if (added) added->name = arena_copy(&sources->arena, name, strlen(name));
    if (!added || !added->name) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    sha256_hex(digest, added->hash);
    if (sources->last)
        sources->last->next = added;
    else
        sources->first = added;
    sources->last = added;
    sources->count++;
    return OCELLI_OK;
}

int source_read(struct sources *sources, struct file_bytes *bytes, const char *path) {
    uint8_t digest[SHA256_SIZE];
    int status = file_read(bytes, path);
    if (status) return status;
    sha256(bytes->data, bytes->size, digest);
    status = add(sources, path, digest);
    if (status) file_free(bytes);
    return status;
}

static int hash(int fd, uint64_t size, uint8_t digest[SHA256_SIZE], const char *path) {
    enum { PIECE = 1 << 20 };
    struct storage_file file;
    storage_of_file(&file, fd, size, path);
    struct sha256_stream *stream = sha256_start();
    void *piece = malloc(PIECE);
    int status = stream && piece ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    for (uint64_t at = 0; at < size && !status; at += PIECE) {
        size_t count = size - at < PIECE ? (size_t)(size - at) : PIECE;
        status = storage_read(&file.base, piece, count, at);
        if (!status) sha256_add(stream, piece, count);
    }
    if (stream) sha256_end(stream, digest);
    free(piece);
    return status;
}

int sources_open(struct sources *sources, int *fd, struct file_stamp *stamp, const char *path) {
    struct stat st;
    uint8_t digest[SHA256_SIZE];
    int status = file_open(fd, path);
    if (status) return status;
    if (fstat(*fd, &st) < 0) status = log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    if (!status) *stamp = file_stamp(&st);
    if (!status) status = hash(*fd, (uint64_t)st.st_size, digest, path);
    if (!status) status = add(sources, path, digest);
    if (status) close(*fd), *fd = -1;
    return status;
}

int sources_check(int fd, struct file_stamp stamp, const char *path) {
    struct stat st;
    if (fstat(fd, &st) < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    if (file_same_stamp(file_stamp(&st), stamp)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: was written to while it was read: try again when it is complete", path);
}

const char *source_last_hash(const struct sources *sources) {
    return sources->last ? sources->last->hash : "";
}

void source_finish(struct sources *sources) {
    arena_finish(&sources->arena);
    *sources = (struct sources){0};
}

bool source_ends_with(const char *path, const char *end) {
    size_t length = strlen(path), tail = strlen(end);
    return length >= tail && strcmp(path + length - tail, end) == 0;
}

char *source_path(struct arena *arena, const char *folder, const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = arena_alloc(arena, size, 1);
    if (path) snprintf(path, size, "%s/%s", folder, name);
    return path;
}

bool source_exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool source_has(const char *folder, const char *name) {
    struct arena arena = {0};
    char *path = source_path(&arena, folder, name);
    bool there = path && source_exists(path);
    arena_finish(&arena);
    return there;
}
