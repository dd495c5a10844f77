/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/model.h"
#include "base/file.h"

/* A blob ends with the SHA-256 of its header and of each tensor (docs/blob.md): they name all its bytes, and so
 * does the sum over this end of it, which holds 2048 of them. */
enum { END = 64 << 10 };

int memory_model_key(struct memory_model *model, const char *blob) {
    struct file_bytes bytes;
    uint8_t digest[SHA256_SIZE];
    int status = file_read(&bytes, blob);
    if (status) return status;
    size_t size = bytes.size < END ? bytes.size : END;
    sha256(bytes.data + (bytes.size - size), size, digest);
    sha256_hex(digest, model->key);
    file_free(&bytes);
    return status;
}
