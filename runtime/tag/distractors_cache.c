/* SPDX-License-Identifier: Apache-2.0
 * A file: magic, SHA-256 of what the vectors were made of, the vectors (floats as in memory), SHA-256 of all before. */
#include "tag/distractors_cache.h"
#include "base/cache_folder.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAGIC = 8, HEAD = MAGIC + SHA256_SIZE };
static const char magic[MAGIC] = "ocelEVDY";

/* The name tells the use, the model, this version of ocelli and the order of bytes. false: there is no folder. */
static bool find_path(enum distractors_use use, const char *model_key, char *path, size_t capacity) {
    static const char *const uses[] = {[DISTRACTORS_OF_TAGS] = "everyday", [DISTRACTORS_OF_POLICY] = "everyday-policy"};
    char folder[3072], text[256], hex[SHA256_HEX_SIZE];
    uint8_t digest[SHA256_SIZE];
    if (!cache_folder(folder, sizeof folder)) return false;
    int length = snprintf(text, sizeof text, "%s %d %s", OCELLI_VERSION, __BYTE_ORDER__, model_key);
    sha256(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1, digest);
    sha256_hex(digest, hex);
    return (size_t)snprintf(path, capacity, "%s/%s-%.32s.bin", folder, uses[use], hex) < capacity;
}

/* Every text with its end, so that no two lists give the same bytes. NULL: no memory. */
static uint8_t *make_file(const struct prompts_list *prompts, size_t size, size_t *bytes) {
    size_t texts = 0, at = 0;
    for (size_t i = 0; i < prompts->count; i++) texts += strlen(prompts->texts[i]) + 1;
    *bytes = HEAD + prompts->count * size * sizeof(float) + SHA256_SIZE;
    char *all = malloc(texts + 1);
    uint8_t *file = calloc(1, *bytes);
    for (size_t i = 0; all && i < prompts->count; at += strlen(prompts->texts[i++]) + 1)
        strcpy(all + at, prompts->texts[i]);
    if (file) memcpy(file, magic, MAGIC);
    if (file && all) sha256(all, texts, file + MAGIC);
    bool good = file && all;
    free(all);
    if (good) return file;
    free(file);
    return NULL;
}

static void put_digest(uint8_t *file, size_t bytes) {
    sha256(file, bytes - SHA256_SIZE, file + bytes - SHA256_SIZE);
}

static bool take(const struct file_bytes *got, uint8_t *wanted, size_t bytes, float *values) {
    uint8_t digest[SHA256_SIZE];
    if (got->size != bytes || memcmp(got->data, wanted, HEAD)) return false;
    sha256(got->data, bytes - SHA256_SIZE, digest);
    if (memcmp(digest, got->data + bytes - SHA256_SIZE, SHA256_SIZE)) return false;
    memcpy(values, got->data + HEAD, bytes - HEAD - SHA256_SIZE);
    return true;
}

bool distractors_cache_read(enum distractors_use use, const char *model_key, const struct prompts_list *prompts,
                            size_t size, float *values) {
    struct file_bytes got = {0};
    char path[4096], why[LOG_LINE];
    size_t bytes;
    if (!find_path(use, model_key, path, sizeof path) || access(path, R_OK) < 0) return false;
    uint8_t *wanted = make_file(prompts, size, &bytes);
    if (!wanted) return false;
    log_hold(why, sizeof why);
    bool good = file_read(&got, path) == OCELLI_OK;
    log_release();
    good = good && take(&got, wanted, bytes, values);
    file_free(&got);
    free(wanted);
    return good;
}

void distractors_cache_write(enum distractors_use use, const char *model_key, const struct prompts_list *prompts,
                             size_t size, const float *values) {
    char path[4096], why[LOG_LINE];
    size_t bytes;
    if (!find_path(use, model_key, path, sizeof path) || !cache_writable(path)) return;
    uint8_t *file = make_file(prompts, size, &bytes);
    if (!file) return;
    memcpy(file + HEAD, values, prompts->count * size * sizeof *values);
    put_digest(file, bytes);
    log_hold(why, sizeof why);
    (void)file_save(path, file, bytes); /* without it the next start takes longer, and that is all */
    log_release();
    free(file);
}
