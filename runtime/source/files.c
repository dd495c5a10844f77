/* SPDX-License-Identifier: Apache-2.0
 * files: pictures as they land in a folder or below it: written there, moved there, linked there. */
#include "source/files_recording.h"
#include "source/folders.h"
#include "source/waiting.h"
#include "source/frame_pool.h"
#include "base/file.h"
#include "base/clock.h"
#include "base/log.h"
#include "prep/decode.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* A file that was not written to for so long is taken for whole. */
#define SETTLED_NS INT64_C(1000000000)

struct files {
    struct files_recording *recording; /* NULL: the folder is watched */
    struct folders folders;
    struct waiting waiting;
    uint64_t sequence;
    int64_t heard_ns; /* CLOCK_REALTIME_COARSE when there was last no event left */
    struct frame_pool frame_pool;
};

/* Other files that land there are not for ocelli. Copying programs hide a file, or give it another name, until it is
 * whole. */
bool source_picture_name(const char *name) {
    return decode_is_picture_name(name);
}

static int no_memory(const struct source *s) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", s->uri);
}

/* ---- pictures ---- */

/* Called by whoever takes frames: the file was not whole, or changed while it was read. */
static void look_later(struct source *s, struct slot *slot) {
    struct files *f = s->state;
    if (!waiting_add(&f->waiting, slot->path, slot->tries + 1))
        log_error("%s: not whole, and no room to wait for it", slot->path);
}

static int post(struct source *source, const char *path, int tries) {
    struct files *f = source->state;
    struct frame_pool_slot *slot = frame_pool_take(&f->frame_pool, 0);
    if (slot) slot->slot.path = strdup(path);
    if (!slot || !slot->slot.path) {
        if (slot) frame_pool_put(slot);
        return no_memory(source);
    }
    slot->slot.tries = tries;
    slot->slot.later = tries < WAITING_TRIES ? look_later : NULL;
    slot->slot.frame.captured_ns = source_now();
    slot->slot.frame.sequence = f->sequence++;
    slot->slot.frame.full_range = true;
    mailbox_post(&source->mailbox, &slot->slot);
    return OCELLI_OK;
}

/* It was closed after writing, or came whole. */
static int take_whole(struct source *s, const char *path) {
    struct files *f = s->state;
    waiting_drop(&f->waiting, path);
    return post(s, path, 0);
}

/* A name is there, and no event says that the file is whole. Links are whole, and files that were not written to of
 * late. Any other will be closed by its writer, unless it was closed before it had this name. Then it stays as it is,
 * which shows after a while. */
static int take_found(struct source *s, const char *path) {
    struct files *f = s->state;
    struct stat st;
    if (lstat(path, &st) < 0) return OCELLI_OK;
    bool settled = clock_ns(CLOCK_REALTIME) - file_stamp(&st).changed_ns > SETTLED_NS;
    if (S_ISLNK(st.st_mode) || (S_ISREG(st.st_mode) && (st.st_nlink > 1 || settled))) return take_whole(s, path);
    if (!S_ISREG(st.st_mode) || waiting_add(&f->waiting, path, 0)) return OCELLI_OK;
    return take_whole(s, path);
}

/* One that waited. While it changes it goes on waiting; an empty one is somebody's who has not begun. */
static int take_waited(struct source *s, const struct waiting_item *item) {
    struct files *f = s->state;
    struct stat now, link;
    if (lstat(item->path, &link) < 0) return OCELLI_OK; /* gone: nothing to say */
    bool there = stat(item->path, &now) == 0;
    bool same = there && item->seen.st_ino == now.st_ino && file_same_stamp(file_stamp(&item->seen), file_stamp(&now));
    if (there && !same && waiting_add(&f->waiting, item->path, 0)) return OCELLI_OK;
    return post(s, item->path, item->tries);
}

static int take_due(struct source *s) {
    struct files *f = s->state;
    struct waiting_item item;
    int status = OCELLI_OK;
    while (!status && waiting_take(&f->waiting, &item)) {
        status = take_waited(s, &item);
        free(item.path);
    }
    return status;
}

/* ---- folders ---- */

/* What is taken of a folder that is looked through: pictures that changed since (CLOCK_REALTIME, ns); NOTHING: none. */
#define NOTHING INT64_MAX

static int add_folder(struct source *s, const char *path, int depth, int64_t since, bool again);

static int look_at(struct source *s, const struct folder *folder, const char *name, int64_t since, bool again) {
    struct stat st, link;
    char *path;
    if (*name == '.') return OCELLI_OK;
    if (asprintf(&path, "%s/%s", folder->path, name) < 0) return no_memory(s);
    int status = OCELLI_OK;
    bool there = stat(path, &st) == 0 && lstat(path, &link) == 0;
    if (there && S_ISDIR(st.st_mode))
        status = add_folder(s, path, folder->depth + 1, since, again);
    else if (there && since != NOTHING && source_picture_name(name) &&
             link.st_ctim.tv_sec * INT64_C(1000000000) + link.st_ctim.tv_nsec >= since)
        status = take_found(s, path);
    free(path);
    return status;
}

/* Watched first and looked through then, so that nothing lands between the two. */
static int look_through(struct source *s, const char *path, int depth, int64_t since, bool again) {
    const struct folder folder = {.path = (char *)path, .depth = depth}; /* the table may grow meanwhile */
    DIR *dir = opendir(path);
    if (!dir) return OCELLI_OK; /* gone, or not to be listed: then its folders are not seen, its pictures are */
    int status = OCELLI_OK;
    for (struct dirent *e; !status && !source_stopped(s) && (e = readdir(dir));)
        status = look_at(s, &folder, e->d_name, since, again);
    closedir(dir);
    return status;
}

/* `again`: look through it though it is watched already. A link back to a folder above is not followed twice. */
static int add_folder(struct source *s, const char *path, int depth, int64_t since, bool again) {
    struct files *f = s->state;
    bool is_new;
    int status = folders_add(&f->folders, path, depth, &is_new);
    if (status || (!is_new && !again)) return status;
    for (size_t i = 0; !is_new && i < f->folders.count; i++) is_new = !strcmp(f->folders.list[i].path, path);
    return is_new ? look_through(s, path, depth, since, again) : OCELLI_OK;
}

/* Events were lost: whatever changed since the last one is looked at. */
static int catch_up(struct source *s) {
    struct files *f = s->state;
    log_warn("%s: more files at once than the system keeps note of: looking through the folders", s->uri);
    folders_purge(&f->folders);
    return add_folder(s, f->folders.list[0].path, 0, f->heard_ns, true);
}

int files_check(const char *uri, const char *rest, const struct source_options *options) {
    struct stat st;
    (void)options;
    if (!*rest) return log_fail(OCELLI_ERR_USAGE, "%s: no folder: give files:DIR", uri);
    int fault = stat(rest, &st) < 0 ? errno : !S_ISDIR(st.st_mode) ? ENOTDIR : access(rest, R_OK) < 0 ? errno : 0;
    return fault ? log_fail(OCELLI_ERR_FILE, "%s: cannot watch this folder: %s", uri, strerror(fault)) : OCELLI_OK;
}

static int watch(struct source *s, const char *folder) {
    struct files *f = s->state;
    int status = waiting_init(&f->waiting) ? OCELLI_OK : no_memory(s);
    int watched = folders_open(&f->folders, s->uri);
    if (!status) status = watched;
    return status ? status : add_folder(s, folder, 0, NOTHING, false);
}

int files_open(struct source *source, const char *rest, const struct source_options *options) {
    struct files *f = calloc(1, sizeof *f);
    if (!f) return no_memory(source);
    source->state = f;
    int status =
        options->recording ? files_recording_open(&f->recording, source, rest, &f->frame_pool) : watch(source, rest);
    if (status) files_close(source);
    return status;
}

void files_close(struct source *source) {
    struct files *f = source->state;
    if (!source->options.recording) {
        folders_close(&f->folders);
        waiting_finish(&f->waiting);
    }
    files_recording_close(&f->recording);
    frame_pool_finish(&f->frame_pool);
    free(f);
    source->state = NULL;
}

/* ---- events ---- */

static int take_name(struct source *source, const struct folder *folder, const struct inotify_event *event) {
    struct files *f = source->state;
    struct stat st;
    char *path;
    int status = OCELLI_OK, depth = folder->depth + 1;
    if (*event->name == '.') return OCELLI_OK;
    if (asprintf(&path, "%s/%s", folder->path, event->name) < 0) return no_memory(source);
    if (event->mask & (IN_MOVED_FROM | IN_DELETE))
        folders_drop(&f->folders, path); /* a link to a folder is no folder to the kernel */
    else if (event->mask & IN_ISDIR)
        status = add_folder(source, path, depth, 0, false);
    else if (event->mask & (IN_CREATE | IN_MOVED_TO) && lstat(path, &st) == 0 && S_ISLNK(st.st_mode) &&
             stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        status = add_folder(source, path, depth, 0, false);
    else if (source_picture_name(event->name))
        status = event->mask & IN_CREATE ? take_found(source, path) : take_whole(source, path);
    free(path);
    return status;
}

static int take_event(struct source *s, const struct inotify_event *e) {
    struct files *f = s->state;
    if (e->mask & IN_Q_OVERFLOW) return catch_up(s);
    const struct folder *folder = folders_of(&f->folders, e->wd);
    if (!folder) return OCELLI_OK; /* let go of, with events still on their way */
    if (folder->depth == 0 && e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED))
        return log_fail(OCELLI_ERR_FILE, "%s: the folder was removed or renamed", s->uri);
    if (e->mask & IN_IGNORED) folders_forget(&f->folders, e->wd);
    return e->len ? take_name(s, folder, e) : OCELLI_OK;
}

static int take_events(struct source *s) {
    struct files *f = s->state;
    _Alignas(struct inotify_event) char events[16384];
    ssize_t n = read(f->folders.fd, events, sizeof events);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot watch: %s", s->uri, file_watch_error(errno));
    for (const char *at = events; n > 0 && at < events + n;) {
        const struct inotify_event *e = (const struct inotify_event *)at;
        int status = take_event(s, e);
        if (status) return status;
        at += sizeof *e + e->len;
    }
    return OCELLI_OK;
}

/* Until there is an event, or a picture that waited; false: the source is closed. */
static bool wait_for_any(struct source *s) {
    struct files *f = s->state;
    struct pollfd p[] = {{.fd = s->stop_fd, .events = POLLIN},
                         {.fd = f->folders.fd, .events = POLLIN},
                         {.fd = f->waiting.wake_fd, .events = POLLIN}};
    int64_t now = clock_ns(CLOCK_REALTIME_COARSE); /* the one that files are stamped by */
    int queued = 0;
    if (ioctl(f->folders.fd, FIONREAD, &queued) == 0 && !queued) f->heard_ns = now;
    poll(p, 3, waiting_next(&f->waiting));
    return !p[0].revents;
}

int files_run(struct source *source) {
    struct files *f = source->state;
    if (f->recording) return files_recording_run(source, f->recording);
    int status = OCELLI_OK;
    while (!status && wait_for_any(source)) {
        status = take_events(source);
        if (!status) status = take_due(source);
    }
    return status ? status : SOURCE_END;
}
