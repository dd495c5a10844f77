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

static int path_of(char path[4096], const char *folder) {
    int n = snprintf(path, 4096, "%s/learnt", folder);
    return n < 4096 ? OCELLI_OK : log_fail(OCELLI_ERR_FILE, "%s: too long a name for a folder", folder);
}

/* Removes what a loss of power left of a save. */
static void clean(const char *folder) {
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d));) {
        size_t length = strlen(e->d_name);
        if (!strncmp(e->d_name, "learnt.", 7) && length > 11 && !strcmp(e->d_name + length - 4, ".tmp"))
            unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d) closedir(d);
}

void state_restore(struct tagger *tagger, const char *folder) {
    char path[4096];
    clean(folder);
    if (!path_of(path, folder)) learnt_file_restore(tagger, path); /* a fault was said, and the tags learn anew */
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
    int status = path_of(path, folder);
    if (status) return status;
    if (mkdir(folder, 0777) < 0 && errno != EEXIST)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot make this folder: %s", folder, strerror(errno));
    return file_save(path, bytes, size);
}
