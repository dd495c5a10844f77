/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/state.h"
#include "base/file.h"
#include "base/file_place.h"
#include "base/log.h"
#include "tag/learnt_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int path_of(char path[4096], const char *folder, const char *name) {
    int n = snprintf(path, 4096, "%s/%s", folder, name);
    return n < 4096 ? OCELLI_OK : log_fail(OCELLI_ERR_FILE, "%s: too long a name for a folder", folder);
}

/* Removes what a loss of power left of a save. */
static void clean(const char *folder) {
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d));) {
        size_t length = strlen(e->d_name);
        bool ours = !strncmp(e->d_name, "learnt.", 7) || !strncmp(e->d_name, "drift.", 6);
        if (ours && length > 10 && !strcmp(e->d_name + length - 4, ".tmp")) unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d) closedir(d);
}

void state_restore(struct tagger *tagger, const char *folder) {
    char path[4096];
    clean(folder);
    if (!path_of(path, folder, "learnt")) learnt_file_restore(tagger, path); /* a fault was said; the tags learn anew */
}

void state_restore_drift(struct drift *drift, const char *folder) {
    struct file_bytes bytes;
    struct stat st;
    char path[4096];
    if (path_of(path, folder, "drift") || (stat(path, &st) < 0 && errno == ENOENT)) return;
    if (file_read(&bytes, path)) return;
    drift_restore(drift, bytes.data, bytes.size, path);
    file_free(&bytes);
}

static int folder_fault(const char *folder) {
    struct stat st;
    if (stat(folder, &st) < 0) return errno;
    if (!S_ISDIR(st.st_mode)) return ENOTDIR;
    return access(folder, W_OK | X_OK) < 0 ? errno : 0;
}

int state_fault(const char *folder) {
    int fault = folder_fault(folder);
    if (fault != ENOENT) return fault;
    char *above = file_folder(folder);
    fault = above ? folder_fault(above) : ENOMEM;
    free(above);
    return fault;
}

int state_save(const char *folder, const void *bytes, size_t size) {
    return state_save_as(folder, "learnt", bytes, size);
}

int state_save_as(const char *folder, const char *name, const void *bytes, size_t size) {
    char path[4096];
    int status = path_of(path, folder, name);
    if (status) return status;
    if (mkdir(folder, 0777) < 0 && errno != EEXIST)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot make this folder: %s", folder, file_write_error(errno));
    return file_save(path, bytes, size);
}
