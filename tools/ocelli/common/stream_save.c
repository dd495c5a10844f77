/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/stream_save.h"
#include "base/file.h"
#include "base/log.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int put(const char *path, const char *bytes, size_t size) {
    if (strcmp(path, "-")) return file_save(path, bytes, size);
    fwrite(bytes, 1, size, stdout); /* main.c tells of faults */
    return OCELLI_OK;
}

int stream_save(const char *path, stream_writer *write, const void *user) {
    char *bytes = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&bytes, &size);
    if (to) write(to, user);
    bool good = to && !ferror(to);
    if (to) good = fclose(to) == 0 && good;
    int status = good ? put(path, bytes, size) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    free(bytes);
    return status;
}
