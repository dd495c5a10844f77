/* SPDX-License-Identifier: Apache-2.0
 * What the kernels in use can at most, out of the nearest cache; and what memory gives. */
#include "base/clock.h"
#include "base/log.h"
#include "op/cpu/cpu.h"
#include "op/cpu/panels.h"

#include <stdlib.h>
#include <string.h>

enum {
    K = 512,
    SCRATCH = K * 4 * 16 + K * 32 + 256 + 16 * 32 * 4,
    READ = 64 << 20,
    TURNS = 3,
    LONG_MS = 20,
    MOST_ROUNDS = 1 << 24,
    VECTOR_MOST = 64
};

struct peak {
    const struct cpu_kernels *kernels;
    bool int8;
    uint32_t rounds, threads;
    const uint64_t *words;
    uint64_t *sums; /* (threads, 8) */
};

/* Inputs, a panel and sums, all zeros, lie in the room one behind the other. */
static void math_run(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct peak *p = args;
    const struct cpu_dot *dot = &p->kernels->dot;
    const struct cpu_float *floats = &p->kernels->floats;
    char *in = cpu_scratch(worker), *panel = in + K * sizeof(float) * 16, *sums = panel + K * 32 + 256;
    (void)task;
    memset(in, 0, SCRATCH);
    for (uint32_t i = 0; i < p->rounds; i++)
        if (p->int8)
            dot->tile(in, input_bytes(dot, K), (const int8_t *)panel, K / dot->group, dot->rows, (int32_t *)sums);
        else
            floats->tile((const float *)in, K, (const int8_t *)panel, K, floats->rows, (float *)sums);
}

static void read_run(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct peak *p = args;
    size_t count = READ / sizeof *p->words / p->threads;
    const uint64_t *from = p->words + task * count;
    uint64_t *sums = p->sums + (size_t)task * 8;
    (void)worker;
    for (size_t i = 0; i + 8 <= count; i += 8)
        for (int j = 0; j < 8; j++) sums[j] += from[i + j];
}

static double fastest(struct pool *pool, const struct peak *p,
                      void (*run)(const void *args, uint32_t task, const struct thread_pool_worker *worker)) {
    struct thread_pool_step step = {.run = run, .args = p, .tasks = p->threads};
    double least = 0;
    for (int i = 0; i <= TURNS; i++) {
        double start = clock_ms();
        thread_pool_run(pool, &step, 1);
        double seconds = (clock_ms() - start) / 1e3;
        if (i == 1 || (i > 1 && seconds < least)) least = seconds; /* the first one wakes the threads */
    }
    return least;
}

static double measure_math(struct pool *pool, struct peak *p) {
    const struct cpu_kernels *k = p->kernels;
    double seconds = 0,
           tile = p->int8 ? (double)k->dot.rows * k->dot.columns : (double)k->floats.rows * k->floats.columns;
    for (p->rounds = 64; p->rounds < MOST_ROUNDS; p->rounds *= 4) {
        seconds = fastest(pool, p, math_run);
        if (seconds * 1e3 >= LONG_MS) break;
    }
    return tile * K * p->rounds * p->threads / seconds;
}

int cpu_peak(struct op_device *device, struct op_peak *peak) {
    struct cpu_device *d = cpu_of(device);
    int status = cpu_make_pool(d);
    if (!status) status = thread_pool_reserve(d->pool, CPU_SCRATCH_HEAD + SCRATCH + VECTOR_MOST);
    if (status) return status;
    struct peak p = {.kernels = d->kernels, .int8 = op_input_is_int8(device), .threads = thread_pool_threads(d->pool)};
    struct op_memory *words = NULL;
    p.sums = calloc(p.threads, 8 * sizeof *p.sums);
    status = p.sums ? op_memory_create(&words, device, READ, OP_USE_DEVICE, "peak")
                    : log_fail(OCELLI_ERR_MEMORY, "out of memory");
    if (!status) {
        p.words = words->mapped;
        for (size_t i = 0; i < READ / sizeof *p.words; i += 512)
            ((uint64_t *)words->mapped)[i] = 1; /* pages of its own */
        peak->macs = measure_math(d->pool, &p);
        peak->bytes = READ / fastest(d->pool, &p, read_run);
    }
    op_memory_destroy(&words, device);
    free(p.sums);
    return status;
}
