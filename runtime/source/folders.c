/* SPDX-License-Identifier: Apache-2.0 */
#include "source/folders.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <ocelli.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    EVENTS = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF |
             IN_ONLYDIR
};

int folders_open(struct folders *folders, const char *uri) {
    *folders = (struct folders){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .uri = uri};
    return folders->fd >= 0 ? OCELLI_OK
                            : log_fail(OCELLI_ERR_FILE, "%s: cannot watch: %s", uri, file_watch_error(errno));
}

void folders_close(struct folders *folders) {
    for (size_t i = 0; i < folders->count; i++) free(folders->list[i].path);
    free(folders->list);
    if (folders->fd >= 0) close(folders->fd);
    *folders = (struct folders){.fd = -1};
}

const struct folder *folders_of(const struct folders *folders, int wd) {
    for (size_t i = 0; i < folders->count; i++)
        if (folders->list[i].wd == wd) return &folders->list[i];
    return NULL;
}

static bool within_bounds(struct folders *f, const char *path, int depth) {
    bool within = f->count < FOLDERS_MOST && depth <= FOLDERS_DEEPEST;
    if (!within && !f->said_bounds)
        log_warn("%s: over %d folders, or %d deep: what lands in others, as in %s, is not seen", f->uri, FOLDERS_MOST,
                 FOLDERS_DEEPEST, path);
    f->said_bounds = f->said_bounds || !within;
    return within;
}

/* A folder below that cannot be watched is no reason to stop watching the others. */
static int refuse(struct folders *f, const char *path, int depth) {
    bool full = errno == ENOSPC, *said = full ? &f->said_watches : &f->said_refused;
    if (!depth) return log_fail(OCELLI_ERR_FILE, "%s: cannot watch: %s", f->uri, file_watch_error(errno));
    if (errno == ENOENT || errno == ENOTDIR) return OCELLI_OK; /* gone again */
    if (!*said) log_warn("%s: %s, and perhaps others, is not watched: %s", f->uri, path, file_watch_error(errno));
    *said = true;
    return OCELLI_OK;
}

static int append(struct folders *f, int wd, const char *path, int depth) {
    if (f->count == f->capacity) {
        size_t capacity = f->capacity ? 2 * f->capacity : 16;
        struct folder *grown = realloc(f->list, capacity * sizeof *grown);
        if (!grown) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", f->uri);
        f->list = grown, f->capacity = capacity;
    }
    char *copy = strdup(path);
    if (!copy) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", f->uri);
    f->list[f->count++] = (struct folder){wd, depth, copy};
    return OCELLI_OK;
}

int folders_add(struct folders *folders, const char *path, int depth, bool *is_new) {
    *is_new = false;
    if (!within_bounds(folders, path, depth)) return OCELLI_OK;
    int wd = inotify_add_watch(folders->fd, path, EVENTS);
    if (wd < 0) return refuse(folders, path, depth);
    if (folders_of(folders, wd)) return OCELLI_OK;
    int status = append(folders, wd, path, depth);
    *is_new = !status;
    return status;
}

static void take_out(struct folders *f, size_t i) {
    free(f->list[i].path);
    memmove(f->list + i, f->list + i + 1, (f->count - i - 1) * sizeof *f->list);
    f->count--;
}

void folders_forget(struct folders *folders, int wd) {
    for (size_t i = folders->count; i-- > 0;)
        if (folders->list[i].wd == wd) take_out(folders, i);
}

void folders_drop(struct folders *folders, const char *path) {
    size_t length = strlen(path);
    for (size_t i = folders->count; i-- > 0;) {
        const char *at = folders->list[i].path;
        if (strncmp(at, path, length) || (at[length] && at[length] != '/')) continue;
        inotify_rm_watch(folders->fd, folders->list[i].wd);
        take_out(folders, i);
    }
}

void folders_purge(struct folders *folders) {
    struct stat st;
    for (size_t i = folders->count; i-- > 1;)
        if (stat(folders->list[i].path, &st) < 0) take_out(folders, i);
}
