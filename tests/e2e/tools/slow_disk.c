/* SPDX-License-Identifier: Apache-2.0
 * To be preloaded. fsync() takes $SYNC_MS longer, as on an SD card that is cleaning up. open() of a path that ends in
 * $STUCK does not come back, as on a network drive whose server is gone. A file whose path ends in $VANISHES is removed
 * right before it is opened. With $CLOCK_BACK the time of day is a day less at each look. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REPLACES __attribute__((visibility("default")))

REPLACES int fsync(int fd) {
    const char *ms = getenv("SYNC_MS");
    if (ms) usleep((useconds_t)atoi(ms) * 1000);
    return (int)syscall(SYS_fsync, fd);
}

static int ends_in(const char *path, const char *variable) {
    const char *end = getenv(variable);
    size_t length = strlen(path), wanted = end ? strlen(end) : 0;
    return wanted && length >= wanted && !strcmp(path + length - wanted, end);
}

REPLACES int clock_gettime(clockid_t clock, struct timespec *time) {
    static _Atomic int looks;
    int failed = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME && getenv("CLOCK_BACK")) time->tv_sec -= 86400 * ++looks;
    return failed;
}

REPLACES int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int mode = flags & O_CREAT ? va_arg(more, int) : 0;
    va_end(more);
    while (ends_in(path, "STUCK")) pause();
    if (ends_in(path, "VANISHES")) unlink(path);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
