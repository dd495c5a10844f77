/* SPDX-License-Identifier: Apache-2.0
 * The pictures of folders, in a file as the history's (memory/history.h, which searches it). Each is a picture file
 * with its absolute path, size and time of change. Thread-safety: as a history's. */
#ifndef MEMORY_LIBRARY_H
#define MEMORY_LIBRARY_H

#include "memory/history.h"

/* To add pictures; is made when it is not there. Errors: FILE (as history_open(), of another model, a daemon's
 * history), MEMORY, USAGE (not built in). */
int library_open(struct history **out, const char *path, const struct memory_model *model);
/* To search: as history_open(), but FILE for vectors of another model. */
int library_read(struct history **out, const char *path, const struct memory_model *model);
/* A library or a daemon's history, whichever it is: as library_read() or as history_open(). */
int library_read_any(struct history **out, const char *path, const struct memory_model *model);

struct library_file {
    int64_t id;
    int64_t size, changed_ns; /* bytes; when it was written */
};
/* *file: zeroed when the path is not in it. Errors: FILE, MEMORY. */
int library_find(struct history *library, const char *path, struct library_file *file);

struct library_picture {
    const char *path; /* absolute */
    int64_t size, changed_ns;
    int64_t time_ms;     /* since 1970, when it was taken */
    const float *vector; /* (D), unit length */
    const uint8_t *jpeg; /* (jpeg_size), a thumbnail; NULL and 0: none */
    size_t jpeg_size;
};
/* All or nothing; on the disk when it returns. One of the same path goes for it. Vectors that are none (not finite) are
 * passed over. Errors: FILE (no space, locked, removed, ...), MEMORY. */
int library_put(struct history *library, const struct library_picture *pictures, size_t count);
/* The same for those that are gone. */
int library_remove(struct history *library, const int64_t *ids, size_t count);

/* Pictures in it. Errors: FILE. */
int library_count(struct history *library, size_t *count);
/* Calls each() for all files of `folder` (absolute) and below; false ends it. The path lives during the call. Nothing
 * may be written meanwhile. Errors: FILE, MEMORY. */
int library_each(struct history *library, const char *folder, bool (*each)(void *user, int64_t id, const char *path),
                 void *user);

#endif
