/* SPDX-License-Identifier: Apache-2.0
 * A blob's bytes: opened, read, seen to be what its digests say. */
#include "base/log.h"
#include "blob/blob_inner.h"
#include "blob/tensor_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALIGNMENT = 64, KEY_BYTES = 64 << 10, HEAD_FIRST = 256 << 10, HEAD_MOST = 256 << 20, LARGE = 1 << 20 };

const char *blob_name(const struct blob *blob) {
    return blob->name;
}

uint64_t blob_size(const struct blob *blob) {
    return blob->size;
}

const struct gguf *blob_gguf(const struct blob *blob) {
    return &blob->gguf;
}

const char *blob_key(const struct blob *blob) {
    return blob->key;
}

bool blob_replaced(const struct blob *blob) {
    struct stat now, ours;
    return blob->fd >= 0 && stat(blob->name, &now) == 0 && fstat(blob->fd, &ours) == 0 &&
           (now.st_ino != ours.st_ino || now.st_dev != ours.st_dev);
}

static bool is_changed(const struct blob *b) {
    struct stat st;
    return b->fd >= 0 && (fstat(b->fd, &st) < 0 || !file_same_stamp(file_stamp(&st), b->stamp));
}

/* A new model that is renamed into place, as by ocelli-convert, never gets here. */
static int changed(const struct blob *b, const char *what) {
    return log_fail(OCELLI_ERR_FILE,
                    "%s: changed while in use (at %s): no more of it is used: put the same file back, or start again",
                    b->name, what);
}

static int damaged(const struct blob *b, const char *what) {
    if (b->read && is_changed(b)) return changed(b, what);
    return log_fail(OCELLI_ERR_FILE, "%s: damaged: %s differs from its SHA-256: copy or convert the file again",
                    b->name, what);
}

static int no_memory(const struct blob *b) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", b->name);
}

static bool matches(const uint8_t *bytes, uint64_t size, const uint8_t *expected) {
    uint8_t digest[SHA256_SIZE];
    sha256(bytes, size, digest);
    return memcmp(digest, expected, SHA256_SIZE) == 0;
}

/* `what` is for the message. */
static int fetch(const struct blob *b, uint64_t offset, uint64_t size, const char *what, uint8_t *to) {
    int got = 0;
    if (!to) return no_memory(b);
    if (b->fd >= 0)
        got = file_pread(b->fd, to, size, offset);
    else
        memcpy(to, b->bytes + offset, size);
    if (!got) return OCELLI_OK;
    return got > 0 ? changed(b, what) : log_fail(OCELLI_ERR_FILE, "%s: cannot read: %s", b->name, strerror(errno));
}

/* The digest must be the last tensor, right behind the others, and end the file. */
static int find_digests(struct blob *blob) {
    const struct gguf *g = &blob->gguf;
    uint64_t others = g->tensor_count - 1, place = 0;
    const struct gguf_tensor *t = g->tensor_count ? &g->tensors[others] : NULL;
    if (g->alignment != ALIGNMENT)
        return log_fail(OCELLI_ERR_FILE, "%s: general.alignment is %llu, expected %d: not a blob of ocelli-convert",
                        blob->name, (unsigned long long)g->alignment, ALIGNMENT);
    if (!t || strcmp(t->name, TENSOR_DIGEST) != 0)
        return log_fail(OCELLI_ERR_FILE, "%s: no ocelli.digest at its end: not a blob of ocelli-convert", blob->name);
    if (t->type != GGUF_TENSOR_I8 || t->dimensions != 2 || t->ne[0] != SHA256_SIZE || t->ne[1] != 1 + others)
        return log_fail(OCELLI_ERR_FILE, "%s: ocelli.digest is not (32, %llu) I8: convert the file again", blob->name,
                        (unsigned long long)(1 + others));
    for (uint64_t i = 0; i <= others; i++) {
        if (g->tensors[i].offset != place)
            return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is out of place: convert the file again", blob->name,
                            g->tensors[i].name);
        place = (place + g->tensors[i].size + g->alignment - 1) & ~(g->alignment - 1);
    }
    if (t->offset + t->size != g->data_size)
        return log_fail(OCELLI_ERR_FILE, "%s: bytes after the last tensor: copy or convert the file again", blob->name);
    return OCELLI_OK;
}

/* The end of the file: the digests, and what names it. */
static int read_digests(struct blob *b) {
    const struct gguf_tensor *t = &b->gguf.tensors[b->gguf.tensor_count - 1];
    uint64_t size = b->size < KEY_BYTES ? b->size : KEY_BYTES;
    uint8_t *end = malloc(size), digest[SHA256_SIZE];
    int status = fetch(b, b->size - size, size, TENSOR_DIGEST, end);
    if (!status) {
        sha256(end, size, digest);
        sha256_hex(digest, b->key);
        b->digests = malloc(t->size);
        status = fetch(b, b->size - t->size, t->size, TENSOR_DIGEST, b->digests);
    }
    free(end);
    return status;
}

static int check_header(struct blob *b, const uint8_t *head, bool verify) {
    int status = find_digests(b);
    if (!status) status = read_digests(b);
    if (status) return status;
    if (verify && !matches(head, b->gguf.header_size, b->digests)) return damaged(b, "the header");
    if (!verify) free(b->digests), b->digests = NULL;
    b->read = calloc(b->gguf.tensor_count, sizeof *b->read);
    b->sums = calloc(b->gguf.tensor_count, sizeof *b->sums);
    return b->read && b->sums ? OCELLI_OK : no_memory(b);
}

static struct blob *create(const char *name) {
    struct blob *b = calloc(1, sizeof *b);
    if (b) b->name = strdup(name), b->fd = -1;
    if (b && b->name) return b;
    free(b);
    log_error("%s: out of memory", name);
    return NULL;
}

static int open_file(struct blob *b) {
    struct stat st;
    int status = file_open(&b->fd, b->name);
    if (status) return status;
    if (fstat(b->fd, &st) < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", b->name, strerror(errno));
    b->size = (uint64_t)st.st_size, b->stamp = file_stamp(&st);
    return OCELLI_OK;
}

/* How long a header is shows only at its end: the first bytes, twice as many each time. */
static int read_header(struct blob *b) {
    for (uint64_t most = HEAD_FIRST;; most *= 2) {
        uint64_t size = b->size < most ? b->size : most;
        free(b->head);
        b->head = malloc(size + 1);
        int status = fetch(b, 0, size, "the header", b->head);
        bool last = most >= HEAD_MOST;
        if (!status) status = gguf_parse_start(&b->gguf, b->head, size, last ? size : b->size, b->name);
        if (status <= 0) return status;
    }
}

int blob_open(struct blob **out, const char *path, bool verify) {
    *out = NULL;
    struct blob *b = create(path);
    if (!b) return OCELLI_ERR_MEMORY;
    int status = open_file(b);
    if (!status) status = read_header(b);
    if (!status) status = check_header(b, b->head, verify);
    if (status) blob_close(&b);
    *out = b;
    return status;
}

int blob_parse(struct blob **out, const void *bytes, size_t size, const char *name, bool verify) {
    *out = NULL;
    struct blob *b = create(name);
    if (!b) return OCELLI_ERR_MEMORY;
    b->bytes = bytes, b->size = size;
    int status = gguf_parse(&b->gguf, bytes, size, b->name);
    if (!status) status = check_header(b, bytes, verify);
    if (status) blob_close(&b);
    *out = b;
    return status;
}

void blob_close(struct blob **blob) {
    if (!blob || !*blob) return;
    struct blob *b = *blob;
    if (b->read) blob_release(b, "");
    for (uint64_t i = 0; b->sums && i < b->gguf.tensor_count; i++) free(b->sums[i]);
    gguf_finish(&b->gguf);
    if (b->fd >= 0) close(b->fd);
    free(b->read);
    free(b->sums);
    free(b->digests);
    free(b->head);
    free(b->name);
    free(b);
    *blob = NULL;
}

/* The memory that a tensor is read into. A large one is mapped, so that the system has it back at once when it is
 * freed: malloc() would keep it. */
static uint8_t *take(uint64_t size) {
    if (size < LARGE) return malloc(size);
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

static void give_back(uint8_t *bytes, uint64_t size) {
    if (bytes && size >= LARGE) munmap(bytes, size);
    if (size < LARGE) free(bytes);
}

uint64_t blob_length(const struct blob *blob, uint64_t index) {
    const struct gguf_tensor *t = &blob->gguf.tensors[index];
    return t[1].offset - t->offset;
}

int blob_fetch(const struct blob *blob, uint64_t index, uint64_t at, uint64_t size, uint8_t *to) {
    const struct gguf_tensor *t = &blob->gguf.tensors[index];
    return fetch(blob, blob->gguf.header_size + t->offset + at, size, t->name, to);
}

int blob_damaged(const struct blob *blob, uint64_t index) {
    return damaged(blob, blob->gguf.tensors[index].name);
}

int blob_check_unchanged(const struct blob *blob, uint64_t index) {
    return is_changed(blob) ? changed(blob, blob->gguf.tensors[index].name) : OCELLI_OK;
}

static void drop(struct blob *b, uint64_t index) {
    give_back(b->read[index], blob_length(b, index));
    b->read[index] = NULL;
}

/* Without digests only the file's entry tells of a change. */
static int load(struct blob *b, uint64_t index) {
    uint64_t size = blob_length(b, index);
    uint8_t *bytes = b->read[index] = take(size);
    int status = blob_fetch(b, index, 0, size, bytes);
    if (!status && b->digests && !matches(bytes, size, b->digests + (1 + index) * SHA256_SIZE))
        status = blob_damaged(b, index);
    if (!status && !b->digests) status = blob_check_unchanged(b, index);
    if (status) drop(b, index);
    return status;
}

int blob_load(struct blob *blob, uint64_t index, const uint8_t **bytes) {
    int status = blob->read[index] ? OCELLI_OK : load(blob, index);
    *bytes = blob->read[index];
    return status;
}

void blob_release(struct blob *blob, const char *prefix) {
    size_t length = strlen(prefix);
    for (uint64_t i = 0; i < blob->gguf.tensor_count; i++)
        if (blob->read[i] && strncmp(blob->gguf.tensors[i].name, prefix, length) == 0) drop(blob, i);
}
