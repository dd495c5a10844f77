/* SPDX-License-Identifier: Apache-2.0
 * Files mapped for reading, and files that appear whole or not at all. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
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

/* All of a small file, free(*bytes). For one that is edited while we look: a map of a file that gets shorter ends the
 * program. Errors: FILE, LIMIT (over 4 MiB), MEMORY. */
int file_load(const char *path, char **bytes, size_t *size);

/* A file being written beside its final name. */
struct file_writer {
    int fd;           /* -1: not open */
    char *path;       /* where it goes: links at the end of the name are followed */
    char *aside;      /* NULL: nothing of ours has that name */
    uint64_t written; /* bytes so far */
    unsigned char *buffer;
    size_t buffered;
    int failed; /* status of the first failed write; later ones return it */
    bool sealed;
    bool fresh, over; /* placed, where nothing stood; or what stood there lies aside */
};

/* Opens PATH.XXXXXX.tmp in the folder of the file that `path` names, through links. A new file gets its permissions by umask; one
 * that stood there hands on its owner, access list and permissions, and until the end nobody else can read what is written.
 * Errors: FILE, MEMORY. */
int file_writer_open(struct file_writer *w, const char *path);
int file_writer_write(struct file_writer *w, const void *data, size_t size);
/* Flushes, fsyncs, renames over the final name, fsyncs the folder. */
int file_writer_commit(struct file_writer *w);
/* Removes what was written, unless committed or placed. Accepts a zeroed, failed or committed writer. */
void file_writer_close(struct file_writer *w);

/* Of files that belong together: seal each, so that all of them are on the disk, then place one after the other, and undo those
 * that are placed when the next one fails. */
int file_writer_seal(struct file_writer *w);
/* As commit, but what stood there is kept until file_writer_close(). */
int file_writer_place(struct file_writer *w);
/* Puts back what stood there, or removes the file where nothing stood. A file system that cannot exchange names (vfat) has lost
 * it. */
void file_writer_undo(struct file_writer *w);

#endif
