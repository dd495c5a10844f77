/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/init/init_files.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int refuse(const char *path) {
    return log_fail(OCELLI_ERR_FILE,
                    "%s: is there already, and nothing was written: give another place, or --force to write over it",
                    path);
}

/* Also a link that leads nowhere. */
static int check_free(const char *path, bool force) {
    struct stat st;
    return !force && lstat(path, &st) == 0 ? refuse(path) : OCELLI_OK;
}

static int prepare(struct file_writer *w, const char *path, const char *text) {
    int status = file_writer_open(w, path);
    if (!status) status = file_writer_write(w, text, strlen(text));
    return status ? status : file_writer_seal(w);
}

/* All who may read it may run it. */
static int make_executable(const struct file_writer *w) {
    struct stat st;
    if (!stat(w->aside, &st) && !chmod(w->aside, (st.st_mode & 07777) | (st.st_mode & 0444) >> 2)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: cannot be made executable: %s", w->path, strerror(errno));
}

/* Something may have come there since check_free() looked: it is put back. */
static int place(struct file_writer *w, bool force) {
    int status = file_writer_place(w);
    if (status || force || !w->over) return status;
    status = refuse(w->path);
    file_writer_undo(w);
    return status;
}

int init_files_write(const struct init_files *f, bool force) {
    struct file_writer ini = {.fd = -1}, script = {.fd = -1};
    int status = check_free(f->ini, force);
    if (!status) status = check_free(f->script, force);
    if (!status) status = prepare(&script, f->script, f->script_text);
    if (!status) status = make_executable(&script);
    if (!status) status = prepare(&ini, f->ini, f->ini_text);
    if (!status) status = place(&script, force);
    if (!status) {
        status = place(&ini, force);
        if (status) file_writer_undo(&script);
    }
    file_writer_close(&ini);
    file_writer_close(&script);
    return status;
}
