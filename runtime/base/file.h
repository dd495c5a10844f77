/* SPDX-License-Identifier: Apache-2.0
 * Files read as a whole, and files that appear whole or not at all. Nothing is mapped: of a map, what others write into
 * the file is seen at once, and a file that gets shorter ends the program. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_bytes {
    uint8_t *data; /* ours, aligned as malloc() does; not terminated */
    size_t size;
};

/* Reads a whole regular file. An empty file gives size 0. Later changes of the file change nothing here. A file that is
 * written to while it is read is refused. Free with file_free(). Errors: FILE, MEMORY. */
int file_read(struct file_bytes *bytes, const char *path);
void file_free(struct file_bytes *bytes);

/* For one that stays open: `size` bytes from `offset` on. 1: the file ends before; else errno is set. */
int file_pread(int fd, void *to, size_t size, uint64_t offset);

/* Which bytes a file holds, as far as its entry tells: another size or time of change means others. */
struct file_stamp {
    int64_t size, changed_ns;
};
struct stat;
struct file_stamp file_stamp(const struct stat *st);
bool file_same_stamp(struct file_stamp a, struct file_stamp b);

/* Do both paths lead to one file? */
bool file_same(const char *a, const char *b);

/* Opens a regular file for reading, and waits for nobody: a FIFO or a device in its place would block or never end, and
 * is refused. The descriptor is the caller's to close; -1 on error, which was said. Errors: FILE. */
int file_open(int *fd, const char *path);

/* The same of a file that holds a secret, `what` ("the keys"): others may neither read nor change it. Its mode is that
 * of what was opened, so that it cannot be exchanged in between. Whose it is does not matter: at that mode nobody but
 * its owner and root can read it, and root reads those of the user that the daemon runs as (`sudo ocelli check`). */
int file_open_private(int *fd, const char *path, const char *what);
/* The first line of such a file, of 1 to capacity - 1 bytes, without its end; "" on error. The caller's to forget with
 * explicit_bzero(). Errors: FILE. */
int file_read_secret(const char *path, const char *what, char *text, size_t capacity);

/* Makes the last folder of `path`, if it is not there. Errors: FILE. */
int file_make_folder(const char *path);

/* All of a small regular file, free(*bytes), also of one that is edited while we look. Errors: FILE, LIMIT (over 4
 * MiB), MEMORY. */
int file_load(const char *path, char **bytes, size_t *size);
/* The same of a file that holds a secret, as file_open_private(). */
int file_load_private(const char *path, const char *what, char **bytes, size_t *size);

/* The meaning of an errno of inotify: strerror() says "No space left on device" for a limit of the system. */
const char *file_watch_error(int error);

/* Why a write, or a new file, failed, and what to do, of its errno. */
const char *file_write_error(int error);

/* A file being written beside its final name. */
struct file_writer {
    int fd;           /* -1: not open */
    char *path;       /* where it goes: links at the end of the name are followed */
    char *aside;      /* NULL: no temporary file of this writer exists */
    uint64_t written; /* bytes so far */
    unsigned char *buffer;
    size_t buffered;
    int failed; /* status of the first failed write; later ones return it */
    bool sealed;
    bool fresh, over; /* placed, where nothing stood; or what stood there lies aside */
};

/* Opens PATH.XXXXXX.tmp in the folder of the file that `path` names, through links. A new file gets its permissions by
 * umask. A file that stood there hands on its owner, access list and permissions. Until the end nobody else can read
 * the new bytes. Errors: FILE, MEMORY. */
int file_writer_open(struct file_writer *writer, const char *path);
int file_writer_write(struct file_writer *writer, const void *data, size_t size);
/* At a place of its own, whatever else was written; `written` stays. Not over bytes that file_writer_write() still
 * holds. */
int file_writer_at(struct file_writer *writer, uint64_t offset, const void *data, size_t size);
/* Flushes, fsyncs, renames over the final name, fsyncs the folder. */
int file_writer_commit(struct file_writer *writer);
/* Removes what was written, unless committed or placed. Accepts a zeroed, failed or committed writer. */
void file_writer_close(struct file_writer *writer);

/* All of it at once: a file of these bytes, there whole or not at all. Errors: FILE, MEMORY; an older file is as it was
 * then. */
int file_save(const char *path, const void *bytes, size_t size);

/* For files that belong together. First seal each, so that all of them are on the disk. Then place one after the other.
 * When one fails, undo those that were placed. */
int file_writer_seal(struct file_writer *writer);
/* As commit, but what stood there is kept until file_writer_close(). */
int file_writer_place(struct file_writer *writer);
/* Puts back what stood there, or removes the file where nothing stood. A file system that cannot exchange names (vfat)
 * has lost it. */
void file_writer_undo(struct file_writer *writer);

#endif
