/* SPDX-License-Identifier: Apache-2.0
 * The files of a library, and thumbnails. */
#include "base/log.h"
#include "memory/history_inner.h"
#include "memory/library_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int done(struct history *h, sqlite3_stmt *s, int code) {
    int status = code == SQLITE_ROW || code == SQLITE_DONE ? OCELLI_OK : history_fault(h, "cannot read");
    sqlite3_finalize(s);
    return status;
}

static const char *text(sqlite3_stmt *s, int column) {
    const char *found = (const char *)sqlite3_column_text(s, column);
    return found ? found : "";
}

static char *join(const char *folder, const char *name) {
    char *path;
    bool root = !strcmp(folder, "/");
    return asprintf(&path, "%s/%s", root ? "" : folder, name) < 0 ? NULL : path;
}

int history_file(struct history *history, int64_t id, char **path) {
    *path = NULL;
    if (history->version < HISTORY_VERSION) return OCELLI_OK;
    sqlite3_stmt *s = history_prepare(
        history, "SELECT folder.path, file.name FROM file JOIN folder ON folder.id = file.folder WHERE file.id = ?1");
    if (s) sqlite3_bind_int64(s, 1, id);
    int code = s ? history_step(history, s) : SQLITE_ERROR;
    if (code == SQLITE_ROW) *path = join(text(s, 0), text(s, 1));
    bool full = code == SQLITE_ROW && !*path;
    int status = done(history, s, code);
    return full ? log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", history->path) : status;
}

int history_tags(struct history *history, int64_t id, char tags[HISTORY_TAGS]) {
    sqlite3_stmt *s = history_prepare(history, "SELECT tags FROM picture WHERE id = ?1");
    if (s) sqlite3_bind_int64(s, 1, id);
    int code = s ? history_step(history, s) : SQLITE_ERROR;
    snprintf(tags, HISTORY_TAGS, "%s", code == SQLITE_ROW ? text(s, 0) : "");
    return done(history, s, code);
}

int history_thumbnail(struct history *history, int64_t id, uint8_t **jpeg, size_t *size) {
    *jpeg = NULL, *size = 0;
    if (history->version < HISTORY_VERSION) return OCELLI_OK;
    sqlite3_stmt *s = history_prepare(history, "SELECT jpeg FROM thumbnail WHERE id = ?1");
    if (s) sqlite3_bind_int64(s, 1, id);
    int code = s ? history_step(history, s) : SQLITE_ERROR;
    bool full = false;
    const void *bytes = code == SQLITE_ROW ? sqlite3_column_blob(s, 0) : NULL;
    if (bytes) {
        *size = (size_t)sqlite3_column_bytes(s, 0), *jpeg = malloc(*size);
        if (*jpeg) memcpy(*jpeg, bytes, *size);
        full = !*jpeg;
    }
    int status = done(history, s, code);
    return full ? log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", history->path) : status;
}

int library_count(struct history *library, size_t *count) {
    sqlite3_stmt *s = history_prepare(library, "SELECT count(*) FROM picture");
    int code = s ? history_step(library, s) : SQLITE_ERROR;
    *count = code == SQLITE_ROW ? (size_t)sqlite3_column_int64(s, 0) : 0;
    return done(library, s, code);
}

static bool is_below(const char *path, const char *folder) {
    size_t length = strlen(folder);
    return !strcmp(folder, "/") || (!strncmp(path, folder, length) && (!path[length] || path[length] == '/'));
}

int library_each(struct history *library, const char *folder, bool (*each)(void *user, int64_t id, const char *path),
                 void *user) {
    sqlite3_stmt *s = history_prepare(library, "SELECT file.id, folder.path, file.name FROM folder JOIN file ON "
                                               "file.folder = folder.id ORDER BY folder.path, file.name");
    int code = s ? SQLITE_ROW : SQLITE_ERROR, status = OCELLI_OK;
    for (bool on = true; on && code == SQLITE_ROW && (code = history_step(library, s)) == SQLITE_ROW;) {
        if (!is_below(text(s, 1), folder)) continue;
        char *path = join(text(s, 1), text(s, 2));
        if (!path) status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", library->path);
        on = path && each(user, sqlite3_column_int64(s, 0), path);
        free(path);
    }
    int read = done(library, s, code);
    return status ? status : read;
}
