/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/source.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int source_read(struct sources *sources, struct file_bytes *bytes, const char *path) {
    int status = file_read(bytes, path);
    if (status) return status;
    const char *name = base_name(path);
    struct source *added = arena_alloc(&sources->arena, 1, sizeof *added);
    if (added) added->name = arena_copy(&sources->arena, name, strlen(name));
    if (!added || !added->name) {
        file_free(bytes);
        return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    }
    uint8_t digest[SHA256_SIZE];
    sha256(bytes->data, bytes->size, digest);
    sha256_hex(digest, added->hash);
    if (sources->last)
        sources->last->next = added;
    else
        sources->first = added;
    sources->last = added;
    sources->count++;
    return OCELLI_OK;
}

void source_finish(struct sources *sources) {
    arena_finish(&sources->arena);
    *sources = (struct sources){0};
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
