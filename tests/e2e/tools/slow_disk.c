/* SPDX-License-Identifier: Apache-2.0
 * To be preloaded: fsync() takes $SYNC_MS longer, as on an SD card that is cleaning up. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) int fsync(int fd) {
    const char *ms = getenv("SYNC_MS");
    if (ms) usleep((useconds_t)atoi(ms) * 1000);
    return (int)syscall(SYS_fsync, fd);
}
