/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/asides.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1 << 20, LOAD_MOST = 4 << 20 };

struct file_stamp file_stamp(const struct stat *st) {
    return (struct file_stamp){st->st_size, st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec};
}

bool file_same_stamp(struct file_stamp a, struct file_stamp b) {
    return a.size == b.size && a.changed_ns == b.changed_ns;
}

int file_pread(int fd, void *to, size_t size, uint64_t offset) {
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(fd, (uint8_t *)to + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? -1 : 1;
        done += (size_t)n;
    }
    return 0;
}

static int read_fd(struct file_bytes *bytes, int fd, const char *path) {
    struct stat before, after;
    if (fstat(fd, &before) < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    if (S_ISDIR(before.st_mode)) return log_fail(OCELLI_ERR_FILE, "%s: a folder: name a file in it", path);
    if (!S_ISREG(before.st_mode)) return log_fail(OCELLI_ERR_FILE, "%s: not a regular file", path);
    bytes->size = (size_t)before.st_size;
    bytes->data = malloc(bytes->size + 1);
    if (!bytes->data) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for its %zu bytes", path, bytes->size);
    int got = file_pread(fd, bytes->data, bytes->size, 0);
    if (got < 0 || fstat(fd, &after) < 0) return log_fail(OCELLI_ERR_FILE, "%s: cannot read: %s", path, strerror(errno));
    if (got > 0 || !file_same_stamp(file_stamp(&before), file_stamp(&after)))
        return log_fail(OCELLI_ERR_FILE, "%s: was written to while it was read: try again when it is complete", path);
    return OCELLI_OK;
}

int file_read(struct file_bytes *bytes, const char *path) {
    *bytes = (struct file_bytes){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO without writer would hold us here */
    if (fd < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    int status = read_fd(bytes, fd, path);
    if (status) file_free(bytes);
    close(fd);
    return status;
}

void file_free(struct file_bytes *bytes) {
    free(bytes->data);
    *bytes = (struct file_bytes){0};
}

/* Not mkstemp, whose files are private: to undo that one has to set umask, which all threads share. */
static int open_aside(char *aside, size_t room, const char *path) {
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        snprintf(aside, room, "%s.%06x.tmp", path, ((unsigned)getpid() * 100 + attempt) & 0xffffff);
        int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

int file_writer_open(struct file_writer *w, const char *path) {
    struct stat st;
    *w = (struct file_writer){.fd = -1};
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) /* the rename would put a file in the place of a device */
        return log_fail(OCELLI_ERR_FILE, "%s: not a regular file: give another name to write to", path);
    size_t room = strlen(path) + sizeof ".XXXXXX.tmp";
    w->path = strdup(path);
    w->aside = malloc(room);
    w->buffer = malloc(BUFFER_SIZE);
    if (w->path && w->aside && w->buffer) {
        w->fd = open_aside(w->aside, room, path);
        if (w->fd >= 0) return asides_add(w->aside), OCELLI_OK;
    }
    int status = w->path && w->aside && w->buffer ? log_fail(OCELLI_ERR_FILE, "%s: cannot write here: %s", path, strerror(errno))
                                                  : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    free(w->aside); /* nothing of ours has that name */
    w->aside = NULL;
    return status;
}

/* After a failure part of the buffer may be in the file: trying again would write it twice. */
static int drain(struct file_writer *w) {
    if (w->failed) return w->failed;
    for (size_t done = 0; done < w->buffered;) {
        ssize_t n = write(w->fd, w->buffer + done, w->buffered - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return w->failed =
                       log_fail(OCELLI_ERR_FILE, "%s: cannot write: %s; nothing was left behind", w->path, strerror(errno));
        done += (size_t)n;
    }
    w->buffered = 0;
    return OCELLI_OK;
}

int file_writer_write(struct file_writer *w, const void *data, size_t size) {
    const unsigned char *from = data;
    w->written += size;
    while (size > 0) {
        size_t room = BUFFER_SIZE - w->buffered, n = size < room ? size : room;
        memcpy(w->buffer + w->buffered, from, n);
        w->buffered += n, from += n, size -= n;
        int status = w->buffered == BUFFER_SIZE ? drain(w) : OCELLI_OK;
        if (status) return status;
    }
    return OCELLI_OK;
}

/* Without this a power cut may lose the name, though not the bytes. Some filesystems refuse it. */
static void sync_folder(const char *path) {
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

int file_writer_commit(struct file_writer *w) {
    int status = drain(w);
    if (status) return status;
    int synced = fsync(w->fd), why = errno, closed = close(w->fd);
    w->fd = -1;
    if (synced < 0 || closed < 0) {
        if (synced < 0) errno = why; /* the first of the two */
        return log_fail(OCELLI_ERR_FILE, "%s: cannot write: %s; nothing was left behind", w->path, strerror(errno));
    }
    if (rename(w->aside, w->path) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot rename into place: %s", w->path, strerror(errno));
    asides_remove(w->aside);
    sync_folder(w->path);
    free(w->aside);
    w->aside = NULL;
    return OCELLI_OK;
}

void file_writer_close(struct file_writer *w) {
    if (w->buffer && w->fd >= 0) close(w->fd); /* in a zeroed writer 0 is nobody's */
    if (w->aside) unlink(w->aside), asides_remove(w->aside);
    free(w->path);
    free(w->aside);
    free(w->buffer);
    *w = (struct file_writer){.fd = -1};
}

const char *file_watch_error(int error) {
    if (error == ENOSPC) return "too many watches on this system: raise fs.inotify.max_user_watches (sysctl)";
    if (error == EMFILE) return "too many watchers or open files: raise fs.inotify.max_user_instances (sysctl) or ulimit -n";
    return strerror(error);
}

int file_open(int *fd, const char *path) {
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO without writer would hold us here */
    if (*fd < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    int failed = fstat(*fd, &st) < 0 ? errno : 0;
    if (!failed && S_ISREG(st.st_mode)) return OCELLI_OK;
    close(*fd);
    *fd = -1;
    return log_fail(OCELLI_ERR_FILE, "%s: %s", path, failed ? strerror(failed) : "not a regular file");
}

int file_load(const char *path, char **bytes, size_t *size) {
    int fd;
    *bytes = NULL, *size = 0;
    int status = file_open(&fd, path);
    if (status) return status;
    FILE *f = fdopen(fd, "r");
    *bytes = malloc(LOAD_MOST + 1);
    status = f && *bytes ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    if (!status) *size = fread(*bytes, 1, LOAD_MOST + 1, f);
    if (!status && ferror(f)) status = log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    if (!status && *size > LOAD_MOST) status = log_fail(OCELLI_ERR_LIMIT, "%s: over %d bytes", path, LOAD_MOST);
    if (f)
        fclose(f);
    else
        close(fd);
    if (status) free(*bytes), *bytes = NULL;
    return status;
}
