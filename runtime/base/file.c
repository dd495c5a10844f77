/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1 << 20 };

static int map_fd(struct file_map *map, int fd, const char *path) {
    struct stat st;
    if (fstat(fd, &st) < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) return log_fail(OCELLI_ERR_FILE, "%s: not a regular file", path);
    if (st.st_size == 0) return OCELLI_OK; /* mmap refuses length 0 */
    void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) return log_fail(OCELLI_ERR_MEMORY, "%s: cannot map: %s", path, strerror(errno));
    *map = (struct file_map){.data = data, .size = (size_t)st.st_size};
    return OCELLI_OK;
}

int file_map_open(struct file_map *map, const char *path) {
    *map = (struct file_map){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    int status = map_fd(map, fd, path);
    close(fd);
    return status;
}

void file_map_close(struct file_map *map) {
    if (map->data) munmap((void *)map->data, map->size);
    *map = (struct file_map){0};
}

int file_writer_open(struct file_writer *w, const char *path) {
    *w = (struct file_writer){.fd = -1};
    size_t length = strlen(path);
    w->path = strdup(path);
    w->aside = malloc(length + sizeof ".XXXXXX.tmp");
    w->buffer = malloc(BUFFER_SIZE);
    if (!w->path || !w->aside || !w->buffer) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    sprintf(w->aside, "%s.XXXXXX.tmp", path);
    w->fd = mkstemps(w->aside, 4);
    if (w->fd < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot write here: %s", path, strerror(errno));
    mode_t mask = umask(0);
    umask(mask);
    fchmod(w->fd, 0666 & ~mask); /* mkstemp made it private */
    return OCELLI_OK;
}

static int drain(struct file_writer *w) {
    for (size_t done = 0; done < w->buffered;) {
        ssize_t n = write(w->fd, w->buffer + done, w->buffered - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0)
            return log_fail(OCELLI_ERR_FILE, "%s: cannot write: %s; nothing was left behind", w->path,
                            strerror(errno));
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

int file_writer_align(struct file_writer *w, size_t alignment) {
    static const unsigned char zeros[4096];
    size_t past = (size_t)(w->written % alignment);
    size_t missing = past ? alignment - past : 0;
    while (missing > 0) {
        size_t n = missing < sizeof zeros ? missing : sizeof zeros;
        int status = file_writer_write(w, zeros, n);
        if (status) return status;
        missing -= n;
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
    if (fsync(w->fd) < 0 || close(w->fd) < 0) {
        w->fd = -1;
        return log_fail(OCELLI_ERR_FILE, "%s: cannot write: %s; nothing was left behind", w->path,
                        strerror(errno));
    }
    w->fd = -1;
    if (rename(w->aside, w->path) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot rename into place: %s", w->path, strerror(errno));
    sync_folder(w->path);
    free(w->aside);
    w->aside = NULL;
    return OCELLI_OK;
}

void file_writer_close(struct file_writer *w) {
    if (w->fd > 0) close(w->fd);
    if (w->aside) unlink(w->aside);
    free(w->path);
    free(w->aside);
    free(w->buffer);
    *w = (struct file_writer){.fd = -1};
}
