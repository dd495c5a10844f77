/* SPDX-License-Identifier: Apache-2.0 */
#include "live/state.h"
#include "base/file.h"
#include "base/file_place.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_MOST = 256 << 20 };

static int path_of(char path[4096], const char *folder) {
    int n = snprintf(path, 4096, "%s/learnt", folder);
    return n < 4096 ? OCELLI_OK : log_fail(OCELLI_ERR_FILE, "%s: too long a name for a folder", folder);
}

/* What a loss of power left of a save. */
static void clean(const char *folder) {
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d));) {
        size_t length = strlen(e->d_name);
        if (!strncmp(e->d_name, "learnt.", 7) && length > 11 && !strcmp(e->d_name + length - 4, ".tmp"))
            unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d) closedir(d);
}

/* No tags learn so much: a damaged file system may tell of any size, and memory is not to be taken for it. */
static bool too_large(const char *path) {
    struct stat st;
    if (stat(path, &st) || st.st_size <= STATE_MOST) return false;
    log_error("%s: over %d bytes: remove it, and the tags learn anew", path, STATE_MOST);
    return true;
}

void state_restore(struct tagger *tagger, const char *folder) {
    char path[4096];
    struct file_bytes bytes;
    size_t taken;
    clean(folder);
    if (path_of(path, folder) || access(path, F_OK) < 0 || too_large(path) || file_read(&bytes, path)) return;
    if (!tagger_restore(tagger, bytes.data, bytes.size, path, &taken)) log_info("%s: %zu tags go on learning", path, taken);
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
    char path[4096];
    struct file_writer w;
    int status = path_of(path, folder);
    if (status) return status;
    if (mkdir(folder, 0777) < 0 && errno != EEXIST)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot make this folder: %s", folder, strerror(errno));
    status = file_writer_open(&w, path);
    if (!status) status = file_writer_write(&w, bytes, size);
    if (!status) status = file_writer_commit(&w);
    file_writer_close(&w);
    return status;
}
