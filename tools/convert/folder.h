/* SPDX-License-Identifier: Apache-2.0
 * The files of a checkpoint, read once and remembered with their SHA-256 for the blob. */
#ifndef CONVERT_FOLDER_H
#define CONVERT_FOLDER_H

#include "base/arena.h"
#include "base/file.h"
#include <cjson/cJSON.h>
#include <ocelli.h>
#include <stdbool.h>

enum { FOLDER_MAX_FILES = 64 };

struct folder_file {
    const char *name; /* last part of the path */
    const char *path;
    struct file_map map;
    char sha256[65];
};

struct folder {
    struct arena arena;
    const char *path; /* of the folder */
    struct folder_file files[FOLDER_MAX_FILES];
    size_t count;
};

int folder_open(struct folder *folder, const char *path);
void folder_close(struct folder *folder);

bool folder_has(const struct folder *folder, const char *name);
/* Maps FOLDER/name (or `name` itself when it has a '/' in front). Errors: FILE, MEMORY, LIMIT. */
int folder_map(struct folder *folder, const char *name, const struct folder_file **file);
/* Parses it; free with cJSON_Delete(). *path: for messages. */
int folder_json(struct folder *folder, const char *name, cJSON **json, const char **path);

#endif
