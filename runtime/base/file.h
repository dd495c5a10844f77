/* SPDX-License-Identifier: Apache-2.0
 * Files mapped for reading, and files that appear whole or not at all. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

struct file_map {
    const uint8_t *data; /* read-only; not terminated */
    size_t size;
};

/* Maps a whole regular file. An empty file gives size 0. Errors: FILE, MEMORY. */
int file_map_open(struct file_map *map, const char *path);
void file_map_close(struct file_map *map);
/* Gives the pages back to the system; what is read again comes from the file again. */
void file_map_release(const struct file_map *map);

/* Opens a regular file for reading, and waits for nobody: a FIFO or a device in its place would block or never end, and is
 * refused. The descriptor is the caller's to close; -1 on error, which was said. Errors: FILE. */
int file_open(int *fd, const char *path);

/* All of a small regular file, free(*bytes). For one that is edited while we look: a map of a file that gets shorter ends the
 * program. Errors: FILE, LIMIT (over 4 MiB), MEMORY. */
int file_load(const char *path, char **bytes, size_t *size);

/* What an errno of inotify means: strerror() says "No space left on device" for a limit of the system. */
const char *file_watch_error(int error);

/* A file being written beside its final name. */
struct file_writer {
    int fd; /* -1: not open */
    char *path, *aside;
    uint64_t written; /* bytes so far */
    unsigned char *buffer;
    size_t buffered;
    int failed; /* status of the first failed write; later ones return it */
};

/* Opens PATH.XXXXXX.tmp in the folder of `path`; permissions by umask. Errors: FILE, MEMORY. */
int file_writer_open(struct file_writer *w, const char *path);
int file_writer_write(struct file_writer *w, const void *data, size_t size);
/* Flushes, fsyncs, renames over the final name, fsyncs the folder. */
int file_writer_commit(struct file_writer *w);
/* Removes what was written, unless committed. Accepts a zeroed, failed or committed writer. */
void file_writer_close(struct file_writer *w);

#endif
