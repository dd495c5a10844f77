/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/unfinished.h"
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

/* Not mkstemp, whose files are private: to undo that one has to set umask, which all threads share. A file that
 * replaces another is private until it has the other's permissions. */
static int open_aside(struct file_writer *writer, bool there) {
    size_t capacity = strlen(writer->path) + sizeof ".XXXXXX.tmp";
    writer->aside = malloc(capacity);
    for (unsigned attempt = 0; writer->aside && attempt < 100; attempt++) {
        snprintf(writer->aside, capacity, "%s.%06x.tmp", writer->path, ((unsigned)getpid() * 100 + attempt) & 0xffffff);
        writer->fd = open(writer->aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, there ? 0600 : 0666);
        if (writer->fd >= 0) {
            unfinished_add(writer->aside);
            return OCELLI_OK;
        }
        if (errno != EEXIST) break;
    }
    int fault = errno;
    char *folder = file_folder(writer->path);
    bool memory = writer->aside && folder;
    free(writer->aside); /* this writer made no file of that name */
    writer->aside = NULL;
    int status = memory ? log_fail(OCELLI_ERR_FILE, "%s: cannot write in the folder %s: %s", writer->path, folder,
                                   file_write_error(fault))
                        : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", writer->path);
    free(folder);
    return status;
}

int file_writer_open(struct file_writer *writer, const char *path) {
    struct stat st;
    *writer = (struct file_writer){.fd = -1};
    bool there = stat(path, &st) == 0;
    if (there && !S_ISREG(st.st_mode)) /* the rename would put a file in the place of a device */
        return log_fail(OCELLI_ERR_FILE, "%s: not a regular file: give another name to write to", path);
    writer->path = file_real(path);
    if (!writer->path) return log_fail(OCELLI_ERR_FILE, "%s: cannot follow this link: %s", path, strerror(errno));
    writer->buffer = malloc(BUFFER_SIZE);
    return writer->buffer ? open_aside(writer, there) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
}

/* ---- writing ---- */

static int fail(struct file_writer *w, int fault) {
    return w->failed = log_fail(OCELLI_ERR_FILE, "%s: cannot write: %s; nothing was left behind", w->path,
                                file_write_error(fault));
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

int file_writer_write(struct file_writer *writer, const void *data, size_t size) {
    const unsigned char *from = data;
    writer->written += size;
    while (size > 0) {
        size_t capacity = BUFFER_SIZE - writer->buffered, n = size < capacity ? size : capacity;
        memcpy(writer->buffer + writer->buffered, from, n);
        writer->buffered += n, from += n, size -= n;
        int status = writer->buffered == BUFFER_SIZE ? drain(writer) : OCELLI_OK;
        if (status) return status;
    }
    return OCELLI_OK;
}

int file_writer_at(struct file_writer *writer, uint64_t offset, const void *data, size_t size) {
    const unsigned char *from = data;
    if (writer->failed) return writer->failed;
    while (size > 0) {
        ssize_t n = pwrite(writer->fd, from, size, (off_t)offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(writer, errno);
        offset += (uint64_t)n, from += n, size -= (size_t)n;
    }
    return OCELLI_OK;
}

/* ---- into place ---- */

int file_writer_seal(struct file_writer *writer) {
    int status = writer->sealed ? writer->failed : drain(writer);
    if (status || writer->sealed) return status;
    file_keep(writer->fd, writer->path);
    int synced = fsync(writer->fd), why = errno, closed = close(writer->fd);
    writer->fd = -1;
    if (synced < 0 || closed < 0) return fail(writer, synced < 0 ? why : errno); /* the first of the two */
    writer->sealed = true;
    return OCELLI_OK;
}

static int rename_over(struct file_writer *w) {
    if (rename(w->aside, w->path) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot rename into place: %s", w->path, file_write_error(errno));
    unfinished_remove(w->aside);
    free(w->aside);
    w->aside = NULL;
    return OCELLI_OK;
}

int file_writer_commit(struct file_writer *writer) {
    int status = file_writer_seal(writer);
    if (!status) status = rename_over(writer);
    if (!status) file_sync_folder(writer->path);
    return status;
}

static bool is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A folder of that name would change places as well: the rename tells of it. */
int file_writer_place(struct file_writer *writer) {
    int status = file_writer_seal(writer);
    if (status) return status;
    writer->fresh = !is_file(writer->path);
    unfinished_remove(writer->aside); /* it may be the old file from here on */
    writer->over = !writer->fresh && file_exchange(writer->aside, writer->path);
    if (!writer->over) status = rename_over(writer);
    if (!status) file_sync_folder(writer->path);
    return status;
}

void file_writer_undo(struct file_writer *writer) {
    if (writer->over)
        file_exchange(writer->aside, writer->path);
    else if (writer->fresh)
        unlink(writer->path);
    writer->over = writer->fresh = false;
    file_sync_folder(writer->path);
}

void file_writer_close(struct file_writer *writer) {
    if (writer->buffer && writer->fd >= 0) close(writer->fd); /* in a zeroed writer 0 is nobody's */
    if (writer->aside) unlink(writer->aside), unfinished_remove(writer->aside);
    free(writer->path);
    free(writer->aside);
    free(writer->buffer);
    *writer = (struct file_writer){.fd = -1};
}

int file_save(const char *path, const void *bytes, size_t size) {
    struct file_writer writer;
    int status = file_writer_open(&writer, path);
    if (!status) status = file_writer_write(&writer, bytes, size);
    if (!status) status = file_writer_commit(&writer);
    file_writer_close(&writer);
    return status;
}
