/* SPDX-License-Identifier: Apache-2.0
 * To be preloaded. fsync() takes $SYNC_MS longer, as on an SD card that is cleaning up. open() of a path that ends in
 * $STUCK does not come back, as on a network drive whose server is gone. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REPLACES __attribute__((visibility("default")))

REPLACES int fsync(int fd) {
    const char *ms = getenv("SYNC_MS");
    if (ms) usleep((useconds_t)atoi(ms) * 1000);
    return (int)syscall(SYS_fsync, fd);
}

static void wait_at(const char *path) {
    const char *stuck = getenv("STUCK");
    size_t length = strlen(path), end = stuck ? strlen(stuck) : 0;
    while (end && length >= end && !strcmp(path + length - end, stuck)) pause();
}

REPLACES int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = flags & O_CREAT ? va_arg(more, int) : 0;
    va_end(more);
    wait_at(path);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
