/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOAD_MOST = 4 << 20 };

struct file_stamp file_stamp(const struct stat *st) {
    return (struct file_stamp){st->st_size, st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec};
}

bool file_same_stamp(struct file_stamp a, struct file_stamp b) {
    return a.size == b.size && a.changed_ns == b.changed_ns;
}

bool file_same(const char *a, const char *b) {
    struct stat s, t;
    return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
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

int file_open(int *fd, const char *path) {
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO without writer would hold us here */
    if (*fd < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    int failed = fstat(*fd, &st) < 0 ? errno : 0;
    if (!failed && S_ISREG(st.st_mode)) return OCELLI_OK;
    close(*fd);
    *fd = -1;
    const char *is = !failed && S_ISDIR(st.st_mode) ? "a folder: name a file in it" : "not a regular file";
    return log_fail(OCELLI_ERR_FILE, "%s: %s", path, failed ? strerror(failed) : is);
}

int file_open_private(int *fd, const char *path, const char *what) {
    struct stat st;
    int status = file_open(fd, path);
    if (status) return status;
    if (!fstat(*fd, &st) && !(st.st_mode & 077)) return OCELLI_OK;
    close(*fd);
    *fd = -1;
    return log_fail(OCELLI_ERR_FILE, "%s: others may read or change %s: chmod 600", path, what);
}

int file_read_secret(const char *path, const char *what, char *text, size_t capacity) {
    int fd, status = file_open_private(&fd, path, what);
    *text = '\0';
    if (status) return status;
    ssize_t size = read(fd, text, capacity);
    int fault = errno;
    close(fd);
    size_t length = 0;
    while (size > 0 && length < (size_t)size && !strchr("\r\n", text[length])) length++;
    bool good = length && length < capacity;
    text[good ? length : 0] = '\0';
    if (good) return OCELLI_OK;
    if (size < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(fault));
    return log_fail(OCELLI_ERR_FILE, "%s: its first line has to be %s, of 1 to %zu bytes", path, what, capacity - 1);
}

int file_make_folder(const char *path) {
    struct stat st;
    if (mkdir(path, 0777) == 0) return OCELLI_OK;
    int error = errno;
    if (error == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: cannot make this folder: %s", path, file_write_error(error));
}

static int read_fd(struct file_bytes *bytes, int fd, const char *path) {
    struct stat before, after;
    if (fstat(fd, &before) < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    bytes->size = (size_t)before.st_size;
    bytes->data = malloc(bytes->size + 1);
    if (!bytes->data) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for its %zu bytes", path, bytes->size);
    int got = file_pread(fd, bytes->data, bytes->size, 0);
    if (got < 0 || fstat(fd, &after) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot read: %s", path, strerror(errno));
    if (got > 0 || !file_same_stamp(file_stamp(&before), file_stamp(&after)))
        return log_fail(OCELLI_ERR_FILE, "%s: was written to while it was read: try again when it is complete", path);
    return OCELLI_OK;
}

int file_read(struct file_bytes *bytes, const char *path) {
    int fd;
    *bytes = (struct file_bytes){0};
    int status = file_open(&fd, path);
    if (status) return status;
    status = read_fd(bytes, fd, path);
    if (status) file_free(bytes);
    close(fd);
    return status;
}

void file_free(struct file_bytes *bytes) {
    free(bytes->data);
    *bytes = (struct file_bytes){0};
}

const char *file_watch_error(int error) {
    if (error == ENOSPC) return "too many watches on this system: raise fs.inotify.max_user_watches (sysctl)";
    if (error == EMFILE)
        return "too many watchers or open files: raise fs.inotify.max_user_instances (sysctl) or ulimit -n";
    return strerror(error);
}

const char *file_write_error(int error) {
    if (error == ENOSPC) return "No space left on device: make room";
    if (error == EDQUOT) return "Disk quota exceeded: make room, or ask for more";
    if (error == EFBIG)
        return "File too large: it is over the limit of a file's size (ulimit -f), or of its file system: raise the "
               "limit, or write elsewhere";
    return strerror(error);
}

/* Closes fd. */
static int load(int fd, const char *path, char **bytes, size_t *size) {
    FILE *f = fdopen(fd, "r");
    *bytes = malloc(LOAD_MOST + 1);
    int status = f && *bytes ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
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

int file_load(const char *path, char **bytes, size_t *size) {
    int fd, status = file_open(&fd, path);
    *bytes = NULL, *size = 0;
    return status ? status : load(fd, path, bytes, size);
}

int file_load_private(const char *path, const char *what, char **bytes, size_t *size) {
    int fd, status = file_open_private(&fd, path, what);
    *bytes = NULL, *size = 0;
    return status ? status : load(fd, path, bytes, size);
}
