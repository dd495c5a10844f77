/* SPDX-License-Identifier: Apache-2.0
 * Notices that a file was written or replaced, or that a link on the way to it leads elsewhere. The folders are watched: editors
 * rename a new file over the old one, and so do those who point a link elsewhere. */
#ifndef LIVE_WATCH_H
#define LIVE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WATCH_PLACES = 41 /* the file, and as many links as the kernel follows */ };

/* A name in a folder: of a link on the way, or of the file. */
struct watch_place {
    int watched; /* inotify's number of the folder */
    char *folder, *name;
};

struct watch {
    int fd; /* of inotify: to be polled, then watch_read() */
    char *path;
    struct watch_place places[WATCH_PLACES];
    size_t count;
    bool there;             /* all of them are watched */
    int64_t first, changed; /* ns of the first and the last change not told yet; 0: none */
};

/* Errors: FILE, MEMORY. watch_finish() accepts a failed one. */
int watch_init(struct watch *w, const char *path);
void watch_finish(struct watch *w);

/* Takes what `fd` has; a folder that went away is watched again once it is back. */
void watch_read(struct watch *w, int64_t now_ns);

/* Did the file change, and is it quiet since 50 ms (or 500 ms in change)? Programs write in pieces; each is told once. */
bool watch_due(struct watch *w, int64_t now_ns);

#endif
