/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/file_watch.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUIET_NS INT64_C(50000000)
#define LONGEST_NS INT64_C(500000000)

enum { CAME = IN_CLOSE_WRITE | IN_MOVED_TO, GONE = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED };

/* ---- the way to the file ---- */

struct way {
    char folder[PATH_MAX]; /* without links */
    char rest[PATH_MAX];   /* of the way, from there */
};

static void forget(struct file_watch_place *p) {
    free(p->folder);
    free(p->name);
    *p = (struct file_watch_place){0};
}

/* Watched before what is behind it is looked at. */
static bool add(struct file_watch *w, const struct way *at, const char *name) {
    if (w->count == FILE_WATCH_PLACES) {
        errno = ELOOP;
        return false;
    }
    int wd = inotify_add_watch(w->fd, at->folder, CAME | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    if (wd < 0) return false;
    struct file_watch_place *p = &w->places[w->count];
    *p = (struct file_watch_place){wd, strdup(at->folder), strdup(name)};
    if (p->folder && p->name) {
        w->count++;
        return true;
    }
    forget(p);
    errno = ENOMEM;
    return false;
}

/* false: too long. */
static bool join(char path[PATH_MAX], const char *folder, const char *name) {
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    return snprintf(path, PATH_MAX, "%s%s%s", folder, slash, name) < PATH_MAX;
}

/* Takes the first name off the rest. false: there is none. */
static bool next_name(struct way *at, char name[NAME_MAX + 1]) {
    char *from = at->rest + strspn(at->rest, "/");
    size_t length = strcspn(from, "/");
    if (!length || length > NAME_MAX) return false;
    memcpy(name, from, length);
    name[length] = 0;
    from += length + strspn(from + length, "/");
    memmove(at->rest, from, strlen(from) + 1);
    return true;
}

/* The rest begins with what the link says. */
static bool follow(struct way *at, const char *says) {
    char rest[PATH_MAX];
    if (!join(rest, says, at->rest)) return false;
    if (rest[0] == '/') strcpy(at->folder, "/");
    strcpy(at->rest, rest);
    return true;
}

/* One name further. false: that is as far as it goes; *end: it is the file. */
static bool step(struct file_watch *w, struct way *at, bool *end) {
    char name[NAME_MAX + 1], path[PATH_MAX], says[PATH_MAX];
    if (!next_name(at, name) || !join(path, at->folder, name)) {
        errno = ENAMETOOLONG;
        return false;
    }
    bool last = !at->rest[0];
    ssize_t size = readlink(path, says, sizeof says - 1);
    if (size < 0 && !last) {
        strcpy(at->folder, path);
        return true;
    }
    if (!add(w, at, name)) return false;
    size = readlink(path, says, sizeof says - 1); /* as it is now that it is watched */
    *end = size < 0 && last;
    if (size < 0) return last ? false : (strcpy(at->folder, path), true);
    says[size] = 0;
    return follow(at, says);
}

static bool is_watched(const struct file_watch *w, int wd) {
    for (size_t i = 0; i < w->count; i++)
        if (w->places[i].watched == wd) return true;
    return false;
}

/* Watches all of the way as it is now. A folder that is watched already keeps its number. false: errno tells what is
 * missing. */
static bool walk(struct file_watch *watch) {
    struct file_watch old = *watch;
    struct way at = {.folder = "."};
    bool end = false;
    watch->count = 0;
    if (!follow(&at, watch->path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    at.rest[strlen(at.rest) - 1] = 0; /* join() ended it with a slash */
    while (step(watch, &at, &end)) continue;
    int fault = errno;
    for (size_t i = 0; i < old.count; i++) {
        if (!is_watched(watch, old.places[i].watched)) inotify_rm_watch(watch->fd, old.places[i].watched);
        forget(&old.places[i]);
    }
    errno = fault;
    return watch->there = end;
}

int file_watch_init(struct file_watch *watch, const char *path) {
    *watch = (struct file_watch){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .path = strdup(path)};
    if (!watch->path) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    if (watch->fd < 0 || !walk(watch))
        return log_fail(OCELLI_ERR_FILE, "%s: cannot watch its folder: %s", path, file_watch_error(errno));
    return OCELLI_OK;
}

void file_watch_finish(struct file_watch *watch) {
    if (watch->fd >= 0) close(watch->fd);
    for (size_t i = 0; i < watch->count; i++) forget(&watch->places[i]);
    free(watch->path);
    *watch = (struct file_watch){.fd = -1};
}

/* ---- what comes ---- */

static void note(struct file_watch *w, int64_t now_ns) {
    if (!w->changed) w->first = now_ns;
    w->changed = now_ns;
}

/* A link, which has all that it will have. A file is written first, and told when it is closed. */
static bool is_link(const struct file_watch_place *p) {
    char path[PATH_MAX];
    struct stat st;
    return join(path, p->folder, p->name) && lstat(path, &st) == 0 && (S_ISLNK(st.st_mode) || st.st_nlink > 1);
}

/* Did one of the names on the way come to stand for something else? */
static bool is_ours(const struct file_watch *w, const struct inotify_event *e) {
    for (size_t i = 0; e->len && i < w->count; i++) {
        const struct file_watch_place *p = &w->places[i];
        if (p->watched != e->wd || strcmp(e->name, p->name)) continue;
        if (e->mask & CAME || (e->mask & IN_CREATE && is_link(p))) return true;
    }
    return false;
}

static void take(struct file_watch *w, const struct inotify_event *e, int64_t now_ns) {
    if (e->mask & IN_Q_OVERFLOW || is_ours(w, e)) {
        note(w, now_ns);
        walk(w);
    }
    if (e->mask & GONE && is_watched(w, e->wd)) w->there = false;
}

void file_watch_read(struct file_watch *watch, int64_t now_ns) {
    _Alignas(struct inotify_event) char events[4096];
    ssize_t n;
    while ((n = read(watch->fd, events, sizeof events)) > 0)
        for (const char *at = events; at < events + n;) {
            const struct inotify_event *e = (const struct inotify_event *)at;
            take(watch, e, now_ns);
            at += sizeof *e + e->len;
        }
    if (!watch->there && walk(watch)) note(watch, now_ns); /* a folder that came back has another file */
}

bool file_watch_due(struct file_watch *watch, int64_t now_ns) {
    if (!watch->changed || (now_ns - watch->changed < QUIET_NS && now_ns - watch->first < LONGEST_NS)) return false;
    watch->changed = 0;
    walk(watch); /* a folder of the way may have been another while it was walked */
    return true;
}
