/* SPDX-License-Identifier: Apache-2.0
 * What a library costs: COUNT vectors put into FILE, and searched. Usage: library_bench FILE COUNT [KEY SIZE [random]];
 * COUNT 0: a FILE that is there is searched, and no more; KEY: of the model that is to read it; SIZE: numbers of a
 * vector (512); random: vectors without clusters. */
#include "base/clock.h"
#include "memory/dots.h"
#include "memory/library.h"
#include "memory/pack.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 1024, BATCH = 256, A_CLUSTER = 200, DIRECTIONS = 32, WANTED = 10, QUERIES = 100, FLOATS = 100000 };

static size_t size = 512;

static double cpu_ms(void) {
    return (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e6;
}

static float noise(uint64_t *state) {
    float sum = 0; /* of four: nearly normal */
    for (int i = 0; i < 4; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        sum += (float)(*state >> 40) / (float)(1 << 23) - 1;
    }
    return sum;
}

static void make_unit(float v[MOST]) {
    double sum = 0;
    for (size_t i = 0; i < size; i++) sum += (double)v[i] * (double)v[i];
    for (size_t i = 0; i < size; i++) v[i] = (float)((double)v[i] / sqrt(sum));
}

/* Clusters of pictures with cosines of about 0.67 to each other, as those of one subject have, which differ in
 * DIRECTIONS ways, as vectors of real pictures fill few of their dimensions; or all alike. */
static void vector(uint64_t index, bool clusters, float v[MOST]) {
    static float ways[DIRECTIONS][MOST];
    uint64_t own = index * 977 + 13, center = index / A_CLUSTER * 7919 + 5, fixed = 99;
    for (int i = 0; i < 8; i++) noise(&own), noise(&center);
    for (size_t i = 0; i < DIRECTIONS * size && ways[DIRECTIONS - 1][size - 1] == 0; i++)
        ways[i / size][i % size] = noise(&fixed) / sqrtf(DIRECTIONS);
    for (size_t i = 0; i < size; i++) v[i] = clusters ? noise(&center) : noise(&own);
    for (int k = 0; clusters && k < DIRECTIONS; k++) {
        float much = 0.7f * noise(&own);
        for (size_t i = 0; i < size; i++) v[i] += much * ways[k][i];
    }
    make_unit(v);
}

static int fill(struct history *h, uint64_t count, bool clusters) {
    static float vectors[BATCH][MOST];
    static char paths[BATCH][64];
    double put_ms = 0, longest = 0;
    int status = 0;
    for (uint64_t i = 0; !status && i < count; i += BATCH) {
        struct library_picture p[BATCH];
        size_t n = count - i < BATCH ? (size_t)(count - i) : BATCH;
        for (size_t k = 0; k < n; k++) {
            vector(i + k, clusters, vectors[k]);
            snprintf(paths[k], sizeof paths[k], "/pictures/%04llu/IMG_%07llu.JPG", (unsigned long long)((i + k) / 1000),
                     (unsigned long long)(i + k));
            p[k] = (struct library_picture){
                .path = paths[k], .size = 1, .changed_ns = 1, .time_ms = (int64_t)(i + k) * 1000, .vector = vectors[k]};
        }
        double began = clock_ms();
        status = library_put(h, p, n);
        put_ms += clock_ms() - began, longest = fmax(longest, clock_ms() - began);
    }
    printf("put: %.3f ms a vector, longest %.0f ms for %d\n", put_ms / (double)count, longest, BATCH);
    return status;
}

static int search(struct history *h) {
    static struct history_hit hits[WANTED];
    float v[MOST];
    vector(UINT64_C(1) << 40, false, v);
    int status = 0;
    for (int i = 0; !status && i < 5; i++) {
        struct history_found found = {.hits = hits};
        struct history_question q = {.vector = v, .wanted = WANTED};
        double began = clock_ms(), worked = cpu_ms();
        status = history_search(h, &q, &found);
        printf("search of the file, %llu vectors: %.0f ms, %.0f ms of the processor\n",
               (unsigned long long)found.compared, clock_ms() - began, cpu_ms() - worked);
    }
    return status;
}

/* What the system takes to give the file's bytes. */
static int read_file(const char *path) {
    enum { PIECE = 64 << 10 };
    char *buffer = aligned_alloc(4096, PIECE);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    double least = 1e9;
    ssize_t got = 0;
    for (int again = 0; buffer && file >= 0 && again < 5; again++) {
        double worked = cpu_ms();
        for (off_t at = 0; (got = pread(file, buffer, PIECE, at)) > 0;) at += got;
        least = fmin(least, cpu_ms() - worked);
    }
    printf("only to read the file: %.0f ms of the processor\n", least);
    free(buffer);
    if (file >= 0) close(file);
    return file < 0 || got < 0;
}

static int by_score(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* In memory: the products, and what it takes only to read the bytes. */
static int scan(struct history *h) {
    struct history_vectors v;
    double began = clock_ms();
    int status = history_load(h, &v);
    printf("load: %.0f ms\n", clock_ms() - began);
    int32_t *sums = calloc(v.count + 1, sizeof *sums);
    int16_t text[MOST];
    float one[MOST];
    vector(UINT64_C(1) << 40, false, one);
    pack_text(one, size, text);
    double best_scan = 1e9, best_read = 1e9;
    for (int again = 0; !status && sums && again < 20; again++) {
        began = clock_ms();
        dots_best()(v.vectors, v.count, size, text, sums, NULL);
        int32_t most = INT32_MIN;
        for (size_t i = 0; i < v.count; i++) most = sums[i] > most ? sums[i] : most;
        best_scan = fmin(best_scan, clock_ms() - began);
        uint64_t sum = 0, word;
        began = clock_ms();
        for (size_t i = 0; i + 8 <= v.count * size; i += 8) memcpy(&word, v.vectors + i, 8), sum += word;
        best_read = fmin(best_read, clock_ms() - began);
        if (sum == 1 && most == 1) puts("");
    }
    printf("scan in memory: %.1f ms; only to read it: %.1f ms\n", best_scan, best_read);
    free(sums);
    history_vectors_finish(&v);
    return status;
}

/* Of the 10 best by floats, how many are among the 10 best by integers. */
static void recall(void) {
    float *floats = malloc(sizeof(float) * size * FLOATS), *exact = malloc(sizeof(float) * FLOATS);
    float *ours = malloc(sizeof(float) * FLOATS), *sorted = malloc(sizeof(float) * FLOATS);
    int8_t *packed = malloc(size * FLOATS);
    float *scales = malloc(sizeof(float) * FLOATS);
    size_t same = 0;
    for (size_t i = 0; i < FLOATS; i++) {
        vector(i, false, floats + i * size);
        scales[i] = pack_picture(floats + i * size, size, packed + i * size);
    }
    for (uint64_t q = 0; q < QUERIES; q++) {
        float query[MOST], least, least_ours;
        int16_t text[MOST];
        vector((UINT64_C(1) << 41) + q, false, query);
        pack_text(query, size, text);
        for (size_t i = 0; i < FLOATS; i++) {
            double sum = 0;
            for (size_t k = 0; k < size; k++) sum += (double)floats[i * size + k] * (double)query[k];
            exact[i] = (float)sum;
            ours[i] = scales[i] * (float)pack_dot(packed + i * size, text, size);
        }
        memcpy(sorted, exact, sizeof(float) * FLOATS);
        qsort(sorted, FLOATS, sizeof *sorted, by_score);
        least = sorted[WANTED - 1];
        memcpy(sorted, ours, sizeof(float) * FLOATS);
        qsort(sorted, FLOATS, sizeof *sorted, by_score);
        least_ours = sorted[WANTED - 1];
        for (size_t i = 0; i < FLOATS; i++) same += exact[i] >= least && ours[i] >= least_ours;
    }
    printf("recall of the best 10 of %d random vectors: %.4f\n", FLOATS, (double)same / (QUERIES * WANTED));
    free(floats), free(exact), free(ours), free(sorted), free(packed), free(scales);
}

int main(int argc, char **argv) {
    struct memory_model model = {.name = "bench", .key = "bench"};
    struct history *h;
    struct stat st;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    if (argc > 4) size = strtoul(argv[4], NULL, 10);
    model.size = (uint32_t)size;
    if (argc < 3 || !size || size > MOST) {
        fprintf(stderr, "usage: library_bench FILE COUNT [KEY SIZE [random]]\n");
        return 2;
    }
    if (argc > 3) snprintf(model.key, sizeof model.key, "%s", argv[3]);
    if (!count) {
        if (library_read(&h, argv[1], &model) || search(h)) return 1;
        history_close(&h);
        return read_file(argv[1]);
    }
    if (library_open(&h, argv[1], &model) || fill(h, count, argc < 6)) return 1;
    history_close(&h);
    if (stat(argv[1], &st)) return 1;
    printf("file: %.1f bytes a vector\n", (double)st.st_size / (double)count);
    if (library_read(&h, argv[1], &model) || search(h) || scan(h)) return 1;
    history_close(&h);
    recall();
    return 0;
}
