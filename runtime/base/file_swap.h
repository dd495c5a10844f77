/* SPDX-License-Identifier: Apache-2.0
 * Another text for a small file that people and programs edit too, without losing what they save. */
#ifndef BASE_FILE_SWAP_H
#define BASE_FILE_SWAP_H

#include <stdbool.h>
#include <stddef.h>

struct file_swap {
    const char *path;
    const void *old; /* (old_size): what it was read to be */
    size_t old_size;
    const void *bytes; /* (size): what it is to be */
    size_t size;
    bool (*may)(void *user); /* asked when all is on the disk; false: nothing is to happen any more. NULL: yes */
    void *user;
};

/* Writes `bytes` to the disk under another name, then exchanges both names at once. It looks at what came out. If that
 * is not `old`, or if a program has it open to write, it is somebody's save, and goes back. Owner, permissions, access
 * list and a link at the end of the path stay. On the disk, name included, when it returns. *changed: the file is not
 * `old`, or is being written, or may() said no: nothing was done. On file systems without an exchange (vfat) a save
 * within the microseconds between the last look and the rename is lost. Errors: FILE, MEMORY. */
int file_swap(const struct file_swap *swap, bool *changed);

/* Cleans up after a kill at the wrong microsecond: removes what has no more use beside `path`, and puts back a save
 * that was on its way. Before the first file_swap() of a program. */
void file_swap_clean(const char *path);

#endif
