/* SPDX-License-Identifier: Apache-2.0
 * Folders of pictures into a library: what is new or was changed is decoded, embedded and written, what is gone is
 * removed. */
#ifndef LIBRARY_INDEXING_H
#define LIBRARY_INDEXING_H

#include "memory/library.h"

#include <ocelli.h>
#include <stdbool.h>

/* A JPEG is decoded at the smallest of its scales at which its shorter side has so many times the side that the model
 * sees. */
enum { INDEXING_SCALE = 2 };

struct indexing {
    /* the caller's */
    struct ocelli *handle;
    struct history *library;
    const char *file;           /* its name, for messages */
    const char *const *folders; /* (folder_count) */
    size_t folder_count;
    bool thumbnails, whole; /* whole: each JPEG in all its pixels */
    bool emptied;           /* a folder without a picture of the library is no disk that is not mounted */
    bool progress;          /* on a terminal */
    /* what comes out: pictures, and folders */
    size_t indexed, unchanged, removed, vanished, unread, unread_folders;
};

/* What could not be read is said and counted. What was written before an error stays, and the next run goes on from
 * there. Errors: FILE (the library: full disk, locked, ...), MEMORY, DEVICE, LOST, WRONG. */
int indexing_run(struct indexing *indexing);

#endif
