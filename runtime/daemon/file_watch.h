/* SPDX-License-Identifier: Apache-2.0
 * Notices that a file was written or replaced, or that a link on the way to it leads elsewhere. The folders are
 * watched: editors rename a new file over the old one, and so do those who point a link elsewhere. */
#ifndef DAEMON_FILE_WATCH_H
#define DAEMON_FILE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILE_WATCH_PLACES = 41 /* the file, and as many links as the kernel follows */ };

/* A name in a folder: of a link on the way, or of the file. */
struct file_watch_place {
    int watched; /* inotify's number of the folder */
    char *folder, *name;
};

struct file_watch {
    int fd; /* of inotify: to be polled, then file_watch_read() */
    char *path;
    struct file_watch_place places[FILE_WATCH_PLACES];
    size_t count;
    bool there;             /* all of them are watched */
    int64_t first, changed; /* ns of the first and the last change not told yet; 0: none */
};

/* Errors: FILE, MEMORY. file_watch_finish() accepts a failed one. */
int file_watch_init(struct file_watch *watch, const char *path);
void file_watch_finish(struct file_watch *watch);

/* Takes what `fd` has; a folder that went away is watched again once it is back. */
void file_watch_read(struct file_watch *watch, int64_t now_ns);

/* Did the file change, and is it quiet since 50 ms (or 500 ms in change)? Programs write in pieces. Each change is
 * reported once. */
bool file_watch_due(struct file_watch *watch, int64_t now_ns);

#endif
