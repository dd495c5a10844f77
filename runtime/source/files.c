/* SPDX-License-Identifier: Apache-2.0
 * files: pictures as they land in a folder, written there or moved there whole. */
#include "source/pool.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/inotify.h>
#include <unistd.h>

struct files {
    int fd; /* of inotify */
    char *folder;
    uint64_t sequence;
    struct pool pool;
};

int files_open(struct source *s, const char *rest, const struct source_options *o) {
    (void)o;
    if (!*rest) return log_fail(OCELLI_ERR_USAGE, "%s: no folder: give files:DIR", s->uri);
    struct files *f = calloc(1, sizeof *f);
    if (!f) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", s->uri);
    f->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    f->folder = strdup(rest);
    s->state = f;
    uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    if (f->fd >= 0 && f->folder && inotify_add_watch(f->fd, rest, events) >= 0) return OCELLI_OK;
    int status = log_fail(OCELLI_ERR_FILE, "%s: cannot watch: %s", s->uri, file_watch_error(errno));
    files_close(s);
    return status;
}

void files_close(struct source *s) {
    struct files *f = s->state;
    if (f->fd >= 0) close(f->fd);
    pool_finish(&f->pool);
    free(f->folder);
    free(f);
    s->state = NULL;
}

/* What else lands there is somebody else's, also what a copying program hides or names otherwise until it is whole. */
static bool is_picture(const char *name) {
    static const char *const endings[] = {"png", "jpg", "jpeg", "bmp", "gif", "tga", "pnm", "ppm", "pgm"};
    const char *dot = strrchr(name, '.');
    if (!dot || *name == '.') return false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (!strcasecmp(dot + 1, endings[i])) return true;
    return false;
}

static int take_picture(struct source *s, const char *name) {
    struct files *f = s->state;
    struct pool_slot *slot = pool_take(&f->pool, 0);
    if (!slot || asprintf(&slot->slot.path, "%s/%s", f->folder, name) < 0)
        return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", s->uri);
    slot->slot.frame.captured_ns = source_now();
    slot->slot.frame.sequence = f->sequence++;
    slot->slot.frame.full_range = true;
    box_post(&s->box, &slot->slot);
    return OCELLI_OK;
}

static int take_event(struct source *s, const struct inotify_event *e) {
    if (e->mask & IN_Q_OVERFLOW) log_warn("%s: more files at once than the system keeps note of: some were missed", s->uri);
    if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED))
        return log_fail(OCELLI_ERR_FILE, "%s: the folder was removed or renamed", s->uri);
    bool landed = e->mask & (IN_CLOSE_WRITE | IN_MOVED_TO) && !(e->mask & IN_ISDIR);
    return landed && e->len && is_picture(e->name) ? take_picture(s, e->name) : OCELLI_OK;
}

int files_run(struct source *s) {
    struct files *f = s->state;
    _Alignas(struct inotify_event) char events[16384];
    while (source_readable(s, f->fd)) {
        ssize_t n = read(f->fd, events, sizeof events);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return log_fail(OCELLI_ERR_FILE, "%s: cannot watch: %s", s->uri, file_watch_error(errno));
        for (const char *at = events; n > 0 && at < events + n;) {
            const struct inotify_event *e = (const struct inotify_event *)at;
            int status = take_event(s, e);
            if (status) return status;
            at += sizeof *e + e->len;
        }
    }
    return SOURCE_END;
}
