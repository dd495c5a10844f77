/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/read/gunzip.h"
#include "base/log.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum { FIRST = 4 << 20, MOST = 64 << 20 }; /* bytes; CLIP's vocabulary has 3.2 MB */

bool gunzip_is(const uint8_t *bytes, size_t size) {
    return size > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/* Into a buffer that doubles. Z_STREAM_END, Z_MEM_ERROR, or anything else for broken bytes. */
static int inflate_all(z_stream *z, char **out) {
    int result = Z_OK;
    for (size_t capacity = FIRST; result == Z_OK && capacity <= MOST; capacity *= 2) {
        char *grown = realloc(*out, capacity);
        if (!grown) return Z_MEM_ERROR;
        *out = grown;
        z->next_out = (Bytef *)grown + z->total_out;
        z->avail_out = (uInt)(capacity - z->total_out);
        result = inflate(z, Z_NO_FLUSH);
    }
    return result;
}

int gunzip(const uint8_t *bytes, size_t size, const char *name, char **out, size_t *out_size) {
    z_stream z = {.next_in = (Bytef *)bytes, .avail_in = (uInt)size};
    *out = NULL;
    if (size > UINT_MAX) return log_fail(OCELLI_ERR_FILE, "%s: too large for a vocabulary", name);
    int result = inflateInit2(&z, 16 + MAX_WBITS); /* 16: gzip */
    if (result == Z_OK) {
        result = inflate_all(&z, out);
        *out_size = z.total_out;
        inflateEnd(&z);
    }
    if (result == Z_STREAM_END) return OCELLI_OK;
    free(*out);
    *out = NULL;
    if (result == Z_MEM_ERROR) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", name);
    return log_fail(OCELLI_ERR_FILE, "%s: broken gzip, or over %d MiB: fetch the file again", name, MOST >> 20);
}
