/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/asides.h"
#include "base/file_place.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_SIZE = 1 << 20 };

/* ---- opening ---- */

/* Not mkstemp, whose files are private: to undo that one has to set umask, which all threads share. What replaces a file is
 * private until it has that file's permissions. */
static int open_aside(struct file_writer *w, bool there) {
    size_t room = strlen(w->path) + sizeof ".XXXXXX.tmp";
    w->aside = malloc(room);
    for (unsigned attempt = 0; w->aside && attempt < 100; attempt++) {
        snprintf(w->aside, room, "%s.%06x.tmp", w->path, ((unsigned)getpid() * 100 + attempt) & 0xffffff);
        w->fd = open(w->aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, there ? 0600 : 0666);
        if (w->fd >= 0) return asides_add(w->aside), OCELLI_OK;
        if (errno != EEXIST) break;
    }
    int fault = errno;
    char *folder = file_folder(w->path);
    bool memory = w->aside && folder;
    free(w->aside); /* nothing of ours has that name */
    w->aside = NULL;
    int status = memory ? log_fail(OCELLI_ERR_FILE, "%s: cannot write in the folder %s: %s", w->path, folder, strerror(fault))
                        : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", w->path);
    free(folder);
    return status;
}

int file_writer_open(struct file_writer *w, const char *path) {
    struct stat st;
    *w = (struct file_writer){.fd = -1};
    bool there = stat(path, &st) == 0;
    if (there && !S_ISREG(st.st_mode)) /* the rename would put a file in the place of a device */
        return log_fail(OCELLI_ERR_FILE, "%s: not a regular file: give another name to write to", path);
    w->path = file_real(path);
    if (!w->path) return log_fail(OCELLI_ERR_FILE, "%s: cannot follow this link: %s", path, strerror(errno));
    w->buffer = malloc(BUFFER_SIZE);
    return w->buffer ? open_aside(w, there) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
}

/* ---- writing ---- */

static int fail(struct file_writer *w, int fault) {
    return w->failed = log_fail(OCELLI_ERR_FILE, "%s: cannot write: %s; nothing was left behind", w->path, strerror(fault));
}

/* After a failure part of the buffer may be in the file: trying again would write it twice. */
static int drain(struct file_writer *w) {
    if (w->failed) return w->failed;
    for (size_t done = 0; done < w->buffered;) {
        ssize_t n = write(w->fd, w->buffer + done, w->buffered - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(w, errno);
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

/* ---- into place ---- */

int file_writer_seal(struct file_writer *w) {
    int status = w->sealed ? w->failed : drain(w);
    if (status || w->sealed) return status;
    file_keep(w->fd, w->path);
    int synced = fsync(w->fd), why = errno, closed = close(w->fd);
    w->fd = -1;
    if (synced < 0 || closed < 0) return fail(w, synced < 0 ? why : errno); /* the first of the two */
    w->sealed = true;
    return OCELLI_OK;
}

static int rename_over(struct file_writer *w) {
    if (rename(w->aside, w->path) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot rename into place: %s", w->path, strerror(errno));
    asides_remove(w->aside);
    free(w->aside);
    w->aside = NULL;
    return OCELLI_OK;
}

int file_writer_commit(struct file_writer *w) {
    int status = file_writer_seal(w);
    if (!status) status = rename_over(w);
    if (!status) file_sync_folder(w->path);
    return status;
}

static bool is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A folder of that name would change places as well: the rename tells of it. */
int file_writer_place(struct file_writer *w) {
    int status = file_writer_seal(w);
    if (status) return status;
    w->fresh = !is_file(w->path);
    asides_remove(w->aside); /* it may be the old file from here on */
    w->over = !w->fresh && file_exchange(w->aside, w->path);
    if (!w->over) status = rename_over(w);
    if (!status) file_sync_folder(w->path);
    return status;
}

void file_writer_undo(struct file_writer *w) {
    if (w->over)
        file_exchange(w->aside, w->path);
    else if (w->fresh)
        unlink(w->path);
    w->over = w->fresh = false;
    file_sync_folder(w->path);
}

void file_writer_close(struct file_writer *w) {
    if (w->buffer && w->fd >= 0) close(w->fd); /* in a zeroed writer 0 is nobody's */
    if (w->aside) unlink(w->aside), asides_remove(w->aside);
    free(w->path);
    free(w->aside);
    free(w->buffer);
    *w = (struct file_writer){.fd = -1};
}
