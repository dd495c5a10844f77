/* SPDX-License-Identifier: Apache-2.0
 * What the history costs: fills FILE with pictures of 512 numbers, searches it, and then writes an hour as the daemon
 * does, 10 at a time, the oldest going. Usage: memory_bench FILE DAYS (a day is 86400 pictures) */
#include "base/clock.h"
#include "memory/memory.h"
#include "memory/pack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { D = 512, BATCH = 10, DAY = 86400 };

static const struct memory_model model = {.name = "bench", .size = D, .key = "bench"};

static void unit(uint64_t *seed, float v[D]) {
    double sum = 0;
    for (int i = 0; i < D; i++) {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        v[i] = (float)((double)(*seed >> 11) / (double)(1ull << 52) - 1);
        sum += (double)v[i] * (double)v[i];
    }
    for (int i = 0; i < D; i++) v[i] = (float)((double)v[i] / sqrt(sum));
}

/* Bytes that this process gave to write() and its relatives. */
static uint64_t written(void) {
    unsigned long long bytes = 0;
    FILE *f = fopen("/proc/self/io", "re");
    if (!f) return 0;
    if (fscanf(f, "rchar: %*u wchar: %llu", &bytes) != 1) bytes = 0;
    fclose(f);
    return bytes;
}

static int fill(struct history *history, uint64_t first, uint64_t count, int batch) {
    static int8_t packed[HISTORY_BATCH][D];
    struct history_picture pictures[HISTORY_BATCH];
    uint64_t seed = first;
    float v[D];
    int status = 0;
    for (uint64_t i = 0; !status && i < count; i += (uint64_t)batch) {
        for (int k = 0; k < batch; k++) {
            unit(&seed, v);
            pictures[k] = (struct history_picture){(int64_t)(first + i + (uint64_t)k) * 1000,
                                                   pack_picture(v, D, packed[k]), packed[k], "cat, dog"};
        }
        status = history_append(history, pictures, (size_t)batch, 0);
    }
    return status;
}

static int search(const char *path, const char *what) {
    static struct history_hit hits[32];
    struct history_found found = {.hits = hits};
    struct history *h;
    float v[D];
    uint64_t seed = 42;
    unit(&seed, v);
    struct history_question q = {.vector = v, .wanted = 32, .apart_ms = 60000};
    double began = clock_ms();
    int status = history_open(&h, path, &model);
    if (!status) status = history_search(h, &q, &found);
    history_close(&h);
    printf("search of %llu pictures, %s: %.0f ms\n", (unsigned long long)found.compared, what, clock_ms() - began);
    return status;
}

static int by_value(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int puts_of(const char *path) {
    enum { PUTS = 64 };
    struct memory *m;
    struct memory_params params = {.path = path, .budget = UINT64_C(1) << 40, .flush_s = 1000, .model = &model};
    double us[PUTS];
    float v[D];
    uint64_t seed = 1;
    unit(&seed, v);
    int status = memory_open(&m, &params);
    for (int i = 0; !status && i < PUTS; i++) {
        double began = clock_ms();
        memory_put(m, &(struct memory_picture){v, clock_ns(CLOCK_MONOTONIC), "cat, dog", NULL, 0});
        us[i] = 1000 * (clock_ms() - began);
    }
    if (status) return status;
    memory_close(&m, 10000);
    qsort(us, PUTS, sizeof *us, by_value);
    printf("memory_put: median %.1f us, longest %.1f us\n", us[PUTS / 2], us[PUTS - 1]);
    return status;
}

int main(int argc, char **argv) {
    struct history *h;
    double days = argc == 3 ? atof(argv[2]) : 0;
    if (days <= 0) {
        fprintf(stderr, "usage: memory_bench FILE DAYS\n");
        return 2;
    }
    uint64_t count = (uint64_t)(days * DAY) / HISTORY_BATCH * HISTORY_BATCH;
    if (history_create(&h, argv[1], &model, UINT64_C(1) << 40)) return 1;
    if (fill(h, 0, count, HISTORY_BATCH)) return 1;
    printf("%llu pictures: %.1f MB\n", (unsigned long long)count, (double)history_bytes(h) / 1e6);
    uint64_t full = history_bytes(h);
    history_close(&h);
    if (search(argv[1], "first") || search(argv[1], "again")) return 1;
    if (history_create(&h, argv[1], &model, full + (2 << 20))) return 1;
    uint64_t before = written();
    double began = clock_ms();
    if (fill(h, count, 3600, BATCH)) return 1;
    printf("an hour at one a second, the oldest going: %.1f ms and %.0f KB a write of %d\n",
           (clock_ms() - began) * BATCH / 3600, (double)(written() - before) * BATCH / 3600e3, BATCH);
    history_close(&h);
    return puts_of(argv[1]);
}
