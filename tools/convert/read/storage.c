/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/read/storage.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>

static int read_memory(struct storage *storage, void *to, size_t size, uint64_t offset) {
    memcpy(to, ((struct storage_memory *)storage)->bytes + offset, size);
    return OCELLI_OK;
}

static int read_file(struct storage *storage, void *to, size_t size, uint64_t offset) {
    int got = file_pread(((struct storage_file *)storage)->fd, to, size, offset);
    if (got == 0) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: cannot read: %s", storage->name,
                    got < 0 ? strerror(errno) : "it got shorter: try again when it is complete");
}

void storage_of_memory(struct storage_memory *storage, const void *bytes, size_t size, const char *name) {
    *storage = (struct storage_memory){{.name = name, .size = size, .read = read_memory}, bytes};
}

void storage_of_file(struct storage_file *storage, int fd, uint64_t size, const char *name) {
    *storage = (struct storage_file){{.name = name, .size = size, .read = read_file}, fd};
}

int storage_read(struct storage *storage, void *to, size_t size, uint64_t offset) {
    if (size == 0) return OCELLI_OK;
    if (offset > storage->size || size > storage->size - offset)
        return log_fail(OCELLI_ERR_FILE, "%s: bytes past its end are needed: fetch the file again", storage->name);
    return storage->read(storage, to, size, offset);
}

bool storage_has(struct storage *storage, uint64_t offset, const void *bytes, size_t size) {
    uint8_t is[16];
    return offset <= storage->size && size <= storage->size - offset && size <= sizeof is &&
           storage_read(storage, is, size, offset) == OCELLI_OK && memcmp(is, bytes, size) == 0;
}
