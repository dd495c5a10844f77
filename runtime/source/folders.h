/* SPDX-License-Identifier: Apache-2.0
 * A folder and those below it, watched through inotify. Links to folders count; one that was reached already does not
 * count again, so loops end. */
#ifndef SOURCE_FOLDERS_H
#define SOURCE_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FOLDERS_MOST = 1024, FOLDERS_DEEPEST = 16 };

struct folder {
    int wd, depth;
    char *path;
};

struct folders {
    int fd;              /* of inotify */
    const char *uri;     /* for messages */
    struct folder *list; /* (count); the first is the one that was asked for */
    size_t count, capacity;
    bool said_bounds, said_watches, said_refused; /* each limit is said once */
};

/* `uri` is kept, not copied. Errors: FILE. */
int folders_open(struct folders *folders, const char *uri);
void folders_close(struct folders *folders);

/* Watches one. *is_new: false where it is watched already, is gone again, or lies beyond the limits, which is said
 * once. Errors: FILE (the first folder alone), MEMORY. */
int folders_add(struct folders *folders, const char *path, int depth, bool *is_new);
/* NULL: not watched (any more). */
const struct folder *folders_of(const struct folders *folders, int wd);
/* The kernel let go of it. */
void folders_forget(struct folders *folders, int wd);
/* Lets go of `path` and all below it. */
void folders_drop(struct folders *folders, const char *path);
/* Forgets what is not there any more. */
void folders_purge(struct folders *folders);

#endif
