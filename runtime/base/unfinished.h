/* SPDX-License-Identifier: Apache-2.0
 * The files that are being written beside their final names, so that a process that leaves in the middle leaves none of
 * them. Thread-safety: all. */
#ifndef BASE_UNFINISHED_H
#define BASE_UNFINISHED_H

/* `path` stays the caller's, until unfinished_remove(). */
void unfinished_add(const char *path);
void unfinished_remove(const char *path);

/* Unlinks those that there are, and from then on each that is added. To be followed by _exit(). */
void unfinished_unlink(void);

#endif
