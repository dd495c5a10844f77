/* SPDX-License-Identifier: Apache-2.0
 * What it takes to put one file in the place of another. */
#ifndef BASE_FILE_PLACE_H
#define BASE_FILE_PLACE_H

#include <limits.h>
#include <stdbool.h>

/* `path` with the links that it ends in followed, also to a file that is not there yet: free() it. NULL: errno tells
 * why. */
char *file_real(const char *path);

/* The folder of `path`: free() it. NULL: out of memory. */
char *file_folder(const char *path);

/* Gives the open file `fd` what the file `path` has: owner and group as far as we may, access list, labels,
 * permissions. `fd` must be private so far (0600). Another group than before gets no rights. Without a file at `path`
 * nothing happens. */
void file_keep(int fd, const char *path);

/* Both names change places at once. false: errno tells why; see file_cannot_exchange(). */
bool file_exchange(const char *a, const char *b);
/* Is it the file system, or the kernel, that does not know how to (vfat)? */
bool file_cannot_exchange(int fault);

/* Why `path` cannot be opened to write: SQLite tells ENOENT of a new file in a folder that cannot be written, as it
 * then tries to read it. Gives the fault of the folder if it has one, else `fault`. */
int file_cause(const char *path, int fault);

/* Puts into `path` what `rest`, as "../share/x", names from the running program's folder. Each leading "../" of `rest`
 * takes one name off that folder. */
void file_beside_program(char path[PATH_MAX], const char *rest);

/* Without this a power cut may lose the name, though not the bytes. Some file systems refuse it. */
void file_sync_folder(const char *path);

#endif
