/* SPDX-License-Identifier: Apache-2.0
 * The files that are being written beside their final names, so that a process that leaves in the middle leaves none of them.
 * Thread-safety: all. */
#ifndef BASE_ASIDES_H
#define BASE_ASIDES_H

/* `path` stays the caller's, until asides_remove(). */
void asides_add(const char *path);
void asides_remove(const char *path);

/* Unlinks those that there are, and from then on each that is added. To be followed by _exit(). */
void asides_unlink(void);

#endif
