/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/learnt_file.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { LEARNT_MOST = 256 << 20 };

int learnt_file_restore(struct tagger *tagger, const char *path) {
    struct file_bytes bytes;
    struct stat st;
    size_t taken;
    bool there = stat(path, &st) == 0;
    if (!there && errno == ENOENT) return OCELLI_OK;
    /* No tags learn so much: a damaged file system may tell of any size, and memory is not to be taken for it. */
    if (there && st.st_size > LEARNT_MOST)
        return log_fail(OCELLI_ERR_FILE, "%s: over %d bytes: remove it, and the tags learn anew", path, LEARNT_MOST);
    int status = file_read(&bytes, path);
    if (status) return status;
    status = tagger_restore(tagger, bytes.data, bytes.size, path, &taken);
    if (!status) log_info("%s: %zu tags go on learning", path, taken);
    file_free(&bytes);
    return status;
}
