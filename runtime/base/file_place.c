/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_place.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { LINKS = 40 /* as many as the kernel follows */, VALUE = 65536 };

/* ---- where ---- */

char *file_folder(const char *path) {
    char *copy = strdup(path), *folder = copy ? strdup(dirname(copy)) : NULL;
    free(copy);
    return folder;
}

/* The path that a link in this place leads to. */
static char *follow(char *link, const char *says) {
    char *folder = says[0] == '/' ? NULL : file_folder(link), *to = NULL;
    if (says[0] == '/')
        to = strdup(says);
    else if (folder && asprintf(&to, "%s/%s", folder, says) < 0)
        to = NULL;
    free(folder);
    free(link);
    return to;
}

char *file_real(const char *path) {
    char says[PATH_MAX], *at = strdup(path);
    for (int i = 0; at && i < LINKS; i++) {
        ssize_t size = readlink(at, says, sizeof says - 1);
        if (size < 0) return at; /* no link, or nothing yet */
        says[size] = 0;
        at = follow(at, says);
    }
    errno = at ? ELOOP : ENOMEM;
    free(at);
    return NULL;
}

/* ---- what is kept ---- */

/* Gives the owner, and the permissions that may go with the one it has got. */
static mode_t keep_owner(int fd, const struct stat *was) {
    mode_t mode = was->st_mode & 07777;
    struct stat now;
    if (fstat(fd, &now) < 0) return mode & 0700;
    if ((now.st_uid == was->st_uid && now.st_gid == was->st_gid) || !fchown(fd, was->st_uid, was->st_gid)) return mode;
    if (now.st_gid == was->st_gid || !fchown(fd, (uid_t)-1, was->st_gid)) return mode & 01777;
    return (mode & 01707) | (mode & 07) << 3; /* another group: as any other */
}

/* false: the access list could not be kept. */
static bool keep_attribute(int fd, const char *path, const char *name) {
    static const char *const kept[] = {"user.", "system.posix_acl_access", "security.selinux"};
    bool ours = false, list = !strcmp(name, kept[1]), good = false;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) ours |= !strncmp(name, kept[i], strlen(kept[i]));
    char *value = ours ? malloc(VALUE) : NULL;
    ssize_t size = value ? getxattr(path, name, value, VALUE) : -1;
    if (size >= 0) good = !fsetxattr(fd, name, value, (size_t)size, 0);
    free(value);
    return good || !list;
}

static bool keep_attributes(int fd, const char *path) {
    char *names = malloc(VALUE);
    ssize_t size = names ? listxattr(path, names, VALUE) : -1;
    bool good = true;
    for (const char *name = names; size > 0 && name < names + size; name += strlen(name) + 1)
        good &= keep_attribute(fd, path, name);
    free(names);
    return good;
}

void file_keep(int fd, const char *path) {
    struct stat was;
    if (stat(path, &was) < 0) return;
    mode_t mode = keep_owner(fd, &was);
    if (!keep_attributes(fd, path)) mode &= 01707; /* the group's bits are the list's mask */
    fchmod(fd, mode);
}

/* ---- into place ---- */

bool file_exchange(const char *a, const char *b) {
    return !renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

bool file_cannot_exchange(int fault) {
    return fault == EINVAL || fault == ENOSYS || fault == ENOTSUP || fault == EPERM;
}

int file_cause(const char *path, int fault) {
    char *folder = file_folder(path);
    if (fault == ENOENT && folder && access(path, F_OK) < 0 && access(folder, W_OK | X_OK) < 0) fault = errno;
    free(folder);
    return fault;
}

void file_sync_folder(const char *path) {
    char *folder = file_folder(path);
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

void file_beside_program(char path[PATH_MAX], const char *rest) {
    ssize_t size = readlink("/proc/self/exe", path, PATH_MAX - 1); /* canonical */
    path[size > 0 ? size : 0] = '\0';
    char *end = strrchr(path, '/');
    for (; end && !strncmp(rest, "../", 3); rest += 3) {
        *end = '\0';
        end = strrchr(path, '/');
    }
    size_t used = end ? (size_t)(end - path) : 0;
    snprintf(path + used, PATH_MAX - used, "/%s", rest);
}
