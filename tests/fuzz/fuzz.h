/* SPDX-License-Identifier: Apache-2.0
 * What the targets of parsers share: every refusal says one line, every corpus starts from good files. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <ocelli.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fuzz_lines;

static inline void fuzz_hear(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level, (void)message;
    fuzz_lines++;
}

/* Good, or a fault of the file that was said in one line. Call after each parser; gives `status`. */
static inline int fuzz_judge(int status) {
    if (status != OCELLI_OK && status != OCELLI_ERR_FILE && status != OCELLI_ERR_LIMIT) abort();
    if (fuzz_lines != (status ? 1 : 0)) abort();
    fuzz_lines = 0;
    return status;
}

/* A copy on exactly its bytes of heap, so that a sanitizer sees a read past the end; NULL of nothing,
 * as an empty file may be. */
static inline void *fuzz_copy(const void *data, size_t size) {
    void *copy = size ? malloc(size) : NULL;
    if (size) memcpy(copy, data, size);
    return copy;
}

/* The path of a seed in the corpus folder that the command line gives, or NULL when there is none. */
static inline const char *fuzz_seed_path(int argc, char **argv, const char *name) {
    static char path[4096];
    struct stat st;
    for (int i = 1; i < argc; i++)
        if (argv[i][0] != '-' && stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            snprintf(path, sizeof path, "%s/%s", argv[i], name);
            return path;
        }
    return NULL;
}

static inline void fuzz_seed(int argc, char **argv, const char *name, const void *bytes, size_t size) {
    const char *path = fuzz_seed_path(argc, argv, name);
    FILE *f = path ? fopen(path, "wb") : NULL;
    if (!f) return;
    fwrite(bytes, 1, size, f);
    fclose(f);
}

#endif
