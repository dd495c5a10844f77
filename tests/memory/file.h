/* SPDX-License-Identifier: Apache-2.0
 * A history in a folder of its own, and pictures for it. */
#ifndef TESTS_MEMORY_FILE_H
#define TESTS_MEMORY_FILE_H

#include "memory/history.h"
#include "memory/pack.h"
#include "support/heard.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { D = 64, MB = 1 << 20 };

/* 2026-11-24 12:00 UTC, when the clock of the boot was 0. */
#define BOOT_AT_MS INT64_C(1795521600000)

static const struct memory_model model = {.name = "a model", .size = D, .key = "1234"};
static char folder[64], path[128];

static inline void new_folder(void) {
    snprintf(folder, sizeof folder, "/tmp/ocelli-history-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/history.db", folder);
}

static inline void remove_folder(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

static inline float noise(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)((double)(*state >> 11) / (double)(1ull << 52) - 1);
}

/* The vector of picture `index`, the same each time. */
static inline void unit(uint64_t index, float v[D]) {
    uint64_t seed = index * 977 + 13;
    double sum = 0;
    for (int i = 0; i < D; i++) {
        v[i] = noise(&seed);
        sum += (double)v[i] * (double)v[i];
    }
    for (int i = 0; i < D; i++) v[i] = (float)((double)v[i] / sqrt(sum));
}

/* Pictures first..first + count - 1, a second apart. */
static inline int append(struct history *h, uint64_t first, size_t count) {
    struct history_picture pictures[HISTORY_BATCH];
    static int8_t vectors[HISTORY_BATCH][D];
    char tags[HISTORY_BATCH][32];
    for (size_t i = 0; i < count; i++) {
        float v[D];
        unit(first + i, v);
        snprintf(tags[i], sizeof tags[i], "tag %llu", (unsigned long long)(first + i));
        pictures[i] =
            (struct history_picture){(int64_t)(first + i) * 1000, pack_picture(v, D, vectors[i]), vectors[i], tags[i], NULL, 0};
    }
    return history_append(h, pictures, count, BOOT_AT_MS);
}

static inline uint64_t size_of(const char *suffix) {
    char name[160];
    struct stat st;
    snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &st) ? 0 : (uint64_t)st.st_size;
}

/* The shell's sqlite3, another program, finds nothing wrong with it. */
static inline uint64_t number(const char *sql) {
    char command[800], text[64] = "";
    snprintf(command, sizeof command, "sqlite3 %s \"%s\"", path, sql);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    assert_int_equal(pclose(f), 0);
    return !strcmp(text, "ok\n") ? 1 : strtoull(text, NULL, 10);
}

#endif
