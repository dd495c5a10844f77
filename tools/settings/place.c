/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"
#include "base/file_place.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *place_path(const struct place *place, const char *format, ...) {
    char path[4096];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(path, sizeof path, format, args);
    va_end(args);
    size_t root = strlen(place->root);
    char *whole =
        length >= 0 && (size_t)length < sizeof path ? arena_alloc(place->arena, root + (size_t)length + 1, 1) : NULL;
    if (!whole) {
        log_error("out of memory for a path");
        return NULL;
    }
    memcpy(whole, place->root, root);
    memcpy(whole + root, path, (size_t)length);
    return whole;
}

const char *place_shown(const struct place *place, const char *path) {
    size_t root = strlen(place->root);
    return strncmp(path, place->root, root) ? path : path + root;
}

/* The user of the root's own list, which need not be that of the machine that we run on. */
static void find_user(struct place *place) {
    char *path = place_path(place, "/etc/passwd");
    FILE *list = path ? fopen(path, "re") : NULL;
    place->uid = (uid_t)-1, place->gid = (gid_t)-1;
    if (!list) return;
    for (struct passwd *user; (user = fgetpwent(list));)
        if (!strcmp(user->pw_name, "ocelli")) place->uid = user->pw_uid, place->gid = user->pw_gid;
    fclose(list);
}

void place_init(struct place *place, const char *root, struct arena *arena) {
    size_t length = strlen(root);
    while (length && root[length - 1] == '/') length--;
    char *copy = arena_copy(arena, root, length);
    *place = (struct place){.root = copy ? copy : "", .arena = arena, .uid = (uid_t)-1, .gid = (gid_t)-1};
    static char none[LOG_LINE];
    place->why = arena_alloc(arena, LOG_LINE, 1);
    if (!place->why) place->why = none;
    if (geteuid() == 0) find_user(place);
}

static void give(const struct place *place, const char *path, bool for_daemon) {
    if (for_daemon && place->uid != (uid_t)-1 && lchown(path, place->uid, place->gid))
        log_warn("%s: cannot give it to the user ocelli: %s", path, strerror(errno));
}

int place_folder(const struct place *place, const char *path, bool for_daemon) {
    char *copy = arena_copy(place->arena, path, strlen(path));
    if (!copy) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    for (char *at = copy + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(copy, 0755);
        *at = '/';
    }
    bool made = mkdir(path, 0755) == 0;
    struct stat st;
    if (stat(path, &st) || !S_ISDIR(st.st_mode))
        return log_fail(OCELLI_ERR_FILE, "%s: this folder cannot be made: %s", path, strerror(errno));
    if (made || st.st_uid == 0) give(place, path, for_daemon);
    return OCELLI_OK;
}

/* Up to its end, which st_size need not tell: files of /proc have none, and those of /sys say a page. */
static char *read_fd(const struct place *place, int fd, size_t most, size_t *size) {
    char *all = malloc(most), *text = NULL;
    ssize_t n = 1;
    for (*size = 0; all && n && *size < most;) {
        n = read(fd, all + *size, most - *size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break;
        *size += (size_t)n;
    }
    if (all && n >= 0) text = arena_copy(place->arena, all, *size);
    if (all) explicit_bzero(all, *size);
    free(all);
    return text;
}

char *place_read_begin(const struct place *place, const char *path, size_t most, size_t *size) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
    if (fd < 0) return NULL;
    char *text = !fstat(fd, &st) && S_ISREG(st.st_mode) ? read_fd(place, fd, most, size) : NULL;
    close(fd);
    return text;
}

char *place_read(const struct place *place, const char *path, size_t *size) {
    enum { MOST = 4 << 20 };
    size_t got;
    char *text = place_read_begin(place, path, MOST + 1, &got);
    if (!text || got > MOST) return NULL;
    *size = got;
    return text;
}

const char *place_first_line(const struct place *place, const char *name) {
    char shown[LOG_LINE];
    size_t size;
    const char *path = place_path(place, "%s", name);
    char *text = path ? place_read(place, path, &size) : NULL;
    if (!text) return NULL;
    text[strcspn(text, "\n")] = '\0';
    log_one_line(text, shown);
    return *shown ? arena_copy(place->arena, shown, strlen(shown)) : NULL;
}

/* Not file_save(): that gives a file the permissions of the one before. A link is not followed: the daemon's user, who
 * owns the folder, must not choose what root writes. */
static int save(const struct place *place, const char *path, const char *text, mode_t mode, bool for_daemon) {
    struct file_writer w;
    struct stat st;
    if (!lstat(path, &st) && S_ISLNK(st.st_mode)) unlink(path);
    int status = file_writer_open(&w, path);
    if (!status && fchmod(w.fd, mode))
        status = log_fail(OCELLI_ERR_FILE, "%s: cannot set its permissions: %s", path, strerror(errno));
    if (!status) status = file_writer_write(&w, text, strlen(text));
    if (!status) status = file_writer_seal(&w);
    if (!status && chmod(w.aside, mode))
        status = log_fail(OCELLI_ERR_FILE, "%s: cannot set its permissions: %s", path, strerror(errno));
    if (!status) give(place, w.aside, for_daemon);
    if (!status) status = file_writer_commit(&w);
    file_writer_close(&w);
    return status;
}

int place_save(const struct place *place, const char *path, const char *text, mode_t mode, bool for_daemon) {
    size_t size;
    struct stat st;
    const char *before = place_read(place, path, &size);
    if (before && size == strlen(text) && !memcmp(before, text, size) && !stat(path, &st) &&
        (st.st_mode & 07777) == mode)
        return OCELLI_OK;
    log_hold(place->why, LOG_LINE);
    int status = save(place, path, text, mode, for_daemon);
    log_release();
    return status ? log_fail(status, "%s", place->why) : OCELLI_OK;
}
