/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Does the name still lead to what is open? */
static bool same(const struct file_lock *lock, const char *path) {
    struct stat named, ours;
    return !stat(path, &named) && !fstat(lock->descriptor, &ours) && named.st_dev == ours.st_dev &&
           named.st_ino == ours.st_ino;
}

bool file_lock_take(struct file_lock *lock, const char *path) {
    if (lock->open && !same(lock, path)) file_lock_release(lock);
    if (lock->held) return true;
    if (!lock->open)
        lock->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO holds nobody up */
    lock->open = lock->descriptor >= 0;
    if (!lock->open) return true;
    lock->held =
        !flock(lock->descriptor, LOCK_EX | LOCK_NB); /* not by fcntl(): whoever closes the file would undo it */
    return lock->held || errno != EWOULDBLOCK;
}

void file_lock_release(struct file_lock *lock) {
    if (lock->open) close(lock->descriptor);
    *lock = (struct file_lock){0};
}
