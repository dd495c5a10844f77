/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_swap.h"
#include "base/file.h"
#include "base/file_place.h"
#include "base/log.h"
#include "base/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LATE_US = 20000, TURNS = 1000 };

/* A file, and whether it was written since. */
struct stamp {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec written;
    bool open; /* to write, by anyone */
};

struct swap {
    const struct file_swap *asked;
    char *path, *folder, *aside;
    int fd;
    bool named;         /* `aside` is there */
    struct stamp wrote; /* what we put there */
};

/* ---- looking ---- */

/* A lease is given when nobody has the file open to write, and to its owner only: others do not learn it. One who opens
 * it meanwhile makes the kernel signal us, which is to kill nobody. */
static bool open_to_write(int fd) {
    fcntl(fd, F_SETSIG, SIGURG);
    if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0) return errno == EAGAIN;
    fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}

static bool stamp_fd(int fd, struct stamp *s) {
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return false;
    *s = (struct stamp){st.st_dev, st.st_ino, st.st_size, st.st_mtim, false};
    return true;
}

static int open_to_read(const char *path) {
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
}

static bool stamp_path(const char *path, struct stamp *s) {
    int fd = open_to_read(path);
    bool good = fd >= 0 && stamp_fd(fd, s);
    if (good) s->open = open_to_write(fd);
    if (fd >= 0) close(fd);
    return good;
}

/* Is it as it was when we put it there? */
static bool untouched(const struct stamp *was, const struct stamp *is) {
    return was->device == is->device && was->inode == is->inode && was->size == is->size &&
           was->written.tv_sec == is->written.tv_sec && was->written.tv_nsec == is->written.tv_nsec &&
           !(is->open && !was->open);
}

static bool read_same(int fd, const unsigned char *bytes, size_t size) {
    unsigned char part[4096];
    ssize_t n;
    while ((n = read(fd, part, sizeof part)) > 0) {
        if ((size_t)n > size || memcmp(part, bytes, (size_t)n)) return false;
        bytes += n, size -= (size_t)n;
    }
    return n == 0 && size == 0;
}

/* Are these its bytes, and will they be? */
static bool holds(const char *path, const void *bytes, size_t size) {
    struct stamp s;
    int fd = open_to_read(path);
    bool good = fd >= 0 && stamp_fd(fd, &s) && !open_to_write(fd) && read_same(fd, bytes, size);
    if (fd >= 0) close(fd);
    return good;
}

/* ---- writing ---- */

static unsigned digest_of(const void *bytes, size_t size) {
    uint8_t d[SHA256_SIZE];
    sha256(bytes, size, d);
    return (unsigned)d[0] << 24 | (unsigned)d[1] << 16 | (unsigned)d[2] << 8 | d[3];
}

static int open_swap(struct swap *w, const struct file_swap *s) {
    *w = (struct swap){.asked = s, .fd = -1, .path = file_real(s->path)};
    if (!w->path) return log_fail(OCELLI_ERR_FILE, "%s: cannot follow this link: %s", s->path, strerror(errno));
    w->folder = file_folder(w->path);
    bool good = w->folder && asprintf(&w->aside, "%s.%08x-%08x-%d.tmp", w->path, digest_of(s->old, s->old_size),
                                      digest_of(s->bytes, s->size), (int)getpid()) > 0;
    if (good) return OCELLI_OK;
    w->aside = NULL;
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", w->path);
}

static void close_swap(struct swap *w) {
    if (w->fd >= 0) close(w->fd);
    if (w->named) unlink(w->aside);
    free(w->path);
    free(w->folder);
    free(w->aside);
}

/* Without a name where the file system can: a kill while the disk is slow leaves nothing. Private until it has the
 * rights of the file that it is for. */
static int open_new(struct swap *w) {
    w->fd = open(w->folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (w->fd >= 0 && !access("/proc/self/fd", X_OK)) return OCELLI_OK;
    if (w->fd >= 0) close(w->fd);
    w->fd = open(w->aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    w->named = w->fd >= 0;
    if (w->named) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: cannot write in the folder %s: %s", w->path, w->folder,
                    file_write_error(errno));
}

static int write_new(struct swap *w) {
    const char *from = w->asked->bytes;
    bool good = true;
    for (size_t left = w->asked->size; good && left;) {
        ssize_t n = write(w->fd, from, left);
        if (n < 0 && errno == EINTR) continue;
        good = n > 0;
        if (good) from += n, left -= (size_t)n;
    }
    if (good) file_keep(w->fd, w->path);
    if (!good || fsync(w->fd) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot write: %s; nothing was left behind", w->path,
                        file_write_error(errno));
    stamp_fd(w->fd, &w->wrote);
    return OCELLI_OK;
}

static int name_new(struct swap *w) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", w->fd);
    if (!w->named && linkat(AT_FDCWD, link, AT_FDCWD, w->aside, AT_SYMLINK_FOLLOW) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot write in the folder %s: %s", w->path, w->folder,
                        file_write_error(errno));
    w->named = true;
    close(w->fd); /* it would be one who has it open to write */
    w->fd = -1;
    return OCELLI_OK;
}

/* ---- into place ---- */

/* Is `path` still as we put it? Looked at twice: one who opened the file just before may not have come to write yet.
 * Fills *is; true also when it is gone. */
static bool is_ours(const char *path, const struct stamp *put, struct stamp *is) {
    if (!stamp_path(path, is)) return true;
    if (!untouched(put, is)) return false;
    usleep(LATE_US);
    return !stamp_path(path, is) || untouched(put, is);
}

/* Somebody's save lies aside, and `put` stands in its place. The save goes back. The exchange then gives back our own
 * text, and that ends it. Or it gives a still later save, which goes back in its turn. */
static void put_back(const char *aside, const char *path, struct stamp put) {
    struct stamp out, next;
    for (int i = 0; i < TURNS && stamp_path(aside, &out); i++) {
        if (!file_exchange(aside, path) || is_ours(aside, &put, &next)) return;
        put = out;
    }
}

static bool is_old(const struct swap *w, const char *path) {
    return holds(path, w->asked->old, w->asked->old_size);
}

/* Looked at twice, as above. */
static bool came_out_old(const struct swap *w) {
    if (!is_old(w, w->aside)) return false;
    usleep(LATE_US);
    return is_old(w, w->aside);
}

static int rename_over(struct swap *w) {
    if (rename(w->aside, w->path) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot rename into place: %s", w->path, file_write_error(errno));
    w->named = false;
    return OCELLI_OK;
}

static int place(struct swap *w, bool *changed) {
    *changed = !is_old(w, w->path);
    int status = *changed ? OCELLI_OK : name_new(w);
    if (status || *changed) return status;
    if (!file_exchange(w->aside, w->path)) {
        if (file_cannot_exchange(errno)) return rename_over(w);
        *changed = errno == ENOENT; /* an editor has moved it away for a moment */
        return *changed ? OCELLI_OK
                        : log_fail(OCELLI_ERR_FILE, "%s: cannot exchange it with its new text: %s", w->path,
                                   strerror(errno));
    }
    *changed = !came_out_old(w);
    if (*changed) put_back(w->aside, w->path, w->wrote);
    return OCELLI_OK;
}

int file_swap(const struct file_swap *swap, bool *changed) {
    struct swap w;
    *changed = false;
    int status = open_swap(&w, swap);
    if (!status) status = open_new(&w);
    if (!status) status = write_new(&w);
    if (!status && swap->may && !swap->may(swap->user))
        *changed = true;
    else if (!status)
        status = place(&w, changed);
    bool done = !status && !*changed;
    char *path = done ? w.path : NULL;
    if (done) w.path = NULL;
    close_swap(&w);
    if (done) file_sync_folder(path);
    free(path);
    return status;
}

/* ---- what a kill left ---- */

/* The file has our text and the name beside it another than the one that we read: somebody's save. */
static void clean_one(const char *path, const char *aside, unsigned was, unsigned is) {
    char *now = NULL, *left = NULL;
    size_t now_size, left_size;
    bool both = !file_load(path, &now, &now_size) && !file_load(aside, &left, &left_size);
    bool save = both && digest_of(now, now_size) == is && digest_of(left, left_size) != was;
    free(now);
    free(left);
    if (save && (file_exchange(aside, path) || !rename(aside, path)))
        log_warn("%s: what was saved there as the program ended stands there again", path);
    unlink(aside);
}

static bool alive(int pid) {
    return pid != getpid() && (kill(pid, 0) == 0 || errno == EPERM);
}

void file_swap_clean(const char *path) {
    char *real = file_real(path), *folder = real ? file_folder(real) : NULL, *aside = NULL;
    DIR *d = folder ? opendir(folder) : NULL;
    const char *name = real && strrchr(real, '/') ? strrchr(real, '/') + 1 : real;
    for (const struct dirent *e; d && (e = readdir(d));) {
        unsigned was, is;
        int pid, end = 0;
        size_t length = strlen(name);
        if (strncmp(e->d_name, name, length)) continue;
        bool ours = sscanf(e->d_name + length, ".%8x-%8x-%d.tmp%n", &was, &is, &pid, &end) == 3 && end;
        if (!ours || e->d_name[length + (size_t)end] || alive(pid)) continue;
        if (asprintf(&aside, "%s/%s", folder, e->d_name) < 0) break;
        clean_one(real, aside, was, is);
        free(aside);
    }
    if (d) closedir(d);
    free(folder);
    free(real);
}
