/* SPDX-License-Identifier: Apache-2.0
 * Notices that a file was written or replaced. The folder is watched: editors rename a new file over the old one. */
#ifndef LIVE_WATCH_H
#define LIVE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct watch {
    int fd; /* of inotify: to be polled, then watch_read() */
    char *folder, *name;
    bool there;             /* the folder is watched */
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
