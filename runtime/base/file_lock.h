/* SPDX-License-Identifier: Apache-2.0
 * A file or folder that one program at a time uses. */
#ifndef BASE_FILE_LOCK_H
#define BASE_FILE_LOCK_H

#include <stdbool.h>

struct file_lock {
    int descriptor; /* with `open` */
    bool open, held;
};

/* Takes what `path` names, until file_lock_release() or the end of the program, a kill too; nothing is written. Call it
 * again before each use: another file may bear the name by now. What is not there, or cannot be locked (some network
 * drives), is taken as free. Accepts a zeroed lock. false: another program holds it. */
bool file_lock_take(struct file_lock *lock, const char *path);

/* Accepts a zeroed one. POSIX locks of this process on the same file (SQLite's) go with it: close those first. */
void file_lock_release(struct file_lock *lock);

#endif
