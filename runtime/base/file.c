/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOAD_MOST = 4 << 20 };

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
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO without writer would hold us here */
    if (fd < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    int status = map_fd(map, fd, path);
    close(fd);
    return status;
}

void file_map_close(struct file_map *map) {
    if (map->data) munmap((void *)map->data, map->size);
    *map = (struct file_map){0};
}

void file_map_release(const struct file_map *map) {
    if (map->data) madvise((void *)map->data, map->size, MADV_DONTNEED); /* a hint: a fault changes nothing */
}

int file_load(const char *path, char **bytes, size_t *size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO without writer would hold us here */
    *bytes = NULL, *size = 0;
    if (fd < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
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
