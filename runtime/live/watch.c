/* SPDX-License-Identifier: Apache-2.0 */
#include "live/watch.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define QUIET_NS INT64_C(50000000)
#define LONGEST_NS INT64_C(500000000)

static bool begin(struct watch *w) {
    w->there =
        inotify_add_watch(w->fd, w->folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) >= 0;
    return w->there;
}

int watch_init(struct watch *w, const char *path) {
    char *copy = strdup(path), *other = strdup(path);
    *w = (struct watch){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    if (copy && other) w->folder = strdup(dirname(copy)), w->name = strdup(basename(other));
    free(copy);
    free(other);
    if (!w->folder || !w->name) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    if (w->fd < 0 || !begin(w)) return log_fail(OCELLI_ERR_FILE, "%s: cannot watch its folder: %s", path, file_watch_error(errno));
    return OCELLI_OK;
}

void watch_finish(struct watch *w) {
    if (w->fd >= 0) close(w->fd);
    free(w->folder);
    free(w->name);
    *w = (struct watch){.fd = -1};
}

static void note(struct watch *w, int64_t now_ns) {
    if (!w->changed) w->first = now_ns;
    w->changed = now_ns;
}

static void take(struct watch *w, const struct inotify_event *e, int64_t now_ns) {
    bool ours = e->len && !strcmp(e->name, w->name) && e->mask & (IN_CLOSE_WRITE | IN_MOVED_TO);
    if (ours || e->mask & IN_Q_OVERFLOW) note(w, now_ns);
    if (!(e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED))) return;
    w->there = false;
    if (e->mask & IN_MOVE_SELF) inotify_rm_watch(w->fd, e->wd);
}

void watch_read(struct watch *w, int64_t now_ns) {
    _Alignas(struct inotify_event) char events[4096];
    ssize_t n;
    while ((n = read(w->fd, events, sizeof events)) > 0)
        for (const char *at = events; at < events + n;) {
            const struct inotify_event *e = (const struct inotify_event *)at;
            take(w, e, now_ns);
            at += sizeof *e + e->len;
        }
    if (!w->there && begin(w)) note(w, now_ns); /* a folder that came back has another file */
}

bool watch_due(struct watch *w, int64_t now_ns) {
    if (!w->changed || (now_ns - w->changed < QUIET_NS && now_ns - w->first < LONGEST_NS)) return false;
    w->changed = 0;
    return true;
}
