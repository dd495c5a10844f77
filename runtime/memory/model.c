/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/model.h"
#include "base/file.h"

/* A blob ends with the SHA-256 of its header and of each tensor (docs/blob.md): they name all its bytes, and so
 * does the sum over this end of it, which holds 2048 of them. */
enum { END = 64 << 10 };

int memory_model_key(struct memory_model *model, const char *blob) {
    struct file_map map;
    uint8_t digest[SHA256_SIZE];
    int status = file_map_open(&map, blob);
    if (status) return status;
    size_t size = map.size < END ? map.size : END;
    sha256(map.data + (map.size - size), size, digest);
    sha256_hex(digest, model->key);
    file_map_close(&map);
    return status;
}
