/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/folder.h"
#include "base/log.h"
#include "base/sha256.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int folder_open(struct folder *f, const char *path) {
    *f = (struct folder){0};
    f->path = arena_copy(&f->arena, path, strlen(path));
    return f->path ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory");
}

void folder_close(struct folder *f) {
    for (size_t i = 0; i < f->count; i++) file_map_close(&f->files[i].map);
    arena_finish(&f->arena);
    *f = (struct folder){0};
}

static const char *join(struct arena *arena, const char *folder, const char *name) {
    if (name[0] == '/') return arena_copy(arena, name, strlen(name));
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = arena_alloc(arena, size, 1);
    if (path) snprintf(path, size, "%s/%s", folder, name);
    return path;
}

bool folder_has(const struct folder *f, const char *name) {
    struct arena scratch = {0};
    const char *path = join(&scratch, f->path, name);
    bool there = path && access(path, F_OK) == 0;
    arena_finish(&scratch);
    return there;
}

int folder_map(struct folder *f, const char *name, const struct folder_file **file) {
    const char *path = join(&f->arena, f->path, name);
    if (!path) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->files[i].path, path) == 0) {
            *file = &f->files[i];
            return OCELLI_OK;
        }
    if (f->count == FOLDER_MAX_FILES) return log_fail(OCELLI_ERR_LIMIT, "%s: more than %d files", f->path, FOLDER_MAX_FILES);
    struct folder_file *entry = &f->files[f->count];
    *entry = (struct folder_file){.path = path, .name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path};
    int status = file_map_open(&entry->map, path);
    if (status) return status;
    uint8_t digest[SHA256_SIZE];
    sha256(entry->map.data, entry->map.size, digest);
    sha256_hex(digest, entry->sha256);
    f->count++;
    *file = entry;
    return OCELLI_OK;
}

int folder_json(struct folder *f, const char *name, cJSON **json, const char **path) {
    const struct folder_file *file;
    *json = NULL;
    int status = folder_map(f, name, &file);
    if (status) return status;
    *path = file->path;
    *json = cJSON_ParseWithLength((const char *)file->map.data, file->map.size);
    if (cJSON_IsObject(*json)) return OCELLI_OK;
    cJSON_Delete(*json);
    *json = NULL;
    return log_fail(OCELLI_ERR_FILE, "%s: not a JSON object: download it again", file->path);
}
