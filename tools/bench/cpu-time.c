/* SPDX-License-Identifier: Apache-2.0
 * For cpu-estimate: times the AVX2 kernels on cpu-plan.awk's lines, with one thread. The time of a line is the least of
 * ROUNDS runs of the whole plan, so that weights come from memory as they do in use. Prints "measured LABEL MS".
 * `cpu-time mhz`: the clock's rate. */
#include "op/cpu/linear.h"
#include "op/cpu/panels.h"
#include "op/cpu/tiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINES_MOST = 1024, ROUNDS = 8, LABEL = 32 };

struct step {
    char kind[LABEL], label[LABEL], activation[LABEL];
    uint32_t a, b, c, d; /* as in the line */
    int8_t *panels;
    double ms;
};

static struct buffers {
    float *x, *y, *scales, *scratch;
    int8_t *in;
    uint8_t *linear_scratch;
} buffers;

/* The row of runtime/op/cpu/table.c. */
static const struct cpu_kernels avx2 = {"avx2", {16, 4, 5, CPU_CLIPPED, dot_avx2}, .rows = &rows_avx2}, *const kernels =
                                                                                                            &avx2;

/* Of this thread's own time: others may take turns on its core. */
static double clock_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void *room_for(size_t bytes) {
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!p) exit(1);
    uint32_t noise = 1;
    for (size_t i = 0; i < bytes; i++)
        ((uint8_t *)p)[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24 & 0xbf);
    return p;
}

static float *floats(size_t count) {
    float *p = room_for(count * sizeof *p);
    for (size_t i = 0; i < count; i++) p[i] = (float)(i % 251) / 125 - 1;
    return p;
}

static uint32_t up(uint32_t x, uint32_t step) {
    return (x + step - 1) / step * step;
}

static void run_linear(const struct step *s, uint32_t serial) {
    uint32_t padded = up(s->c, 64);
    struct cpu_linear l = {.kernels = kernels,
                           .in = buffers.in,
                           .in_stride = padded,
                           .panels = s->panels,
                           .finish = {.in_scales = buffers.scales,
                                      .scales = buffers.scales,
                                      .bias = buffers.scales,
                                      .out = buffers.y,
                                      .out_stride = s->b,
                                      .activation = strcmp(s->activation, "quick") ? OP_NONE : OP_QUICK_GELU},
                           .padded = padded,
                           .rows = s->a,
                           .count = s->b};
    struct thread_pool_worker worker = {0, serial, buffers.linear_scratch};
    for (uint32_t task = 0, tasks = linear_tasks(&l); task < tasks; task++) linear_run(&l, task, &worker);
}

static void run_attention(const struct step *s) {
    size_t stride = (size_t)3 * s->c * s->d, width = (size_t)s->c * s->d;
    for (uint32_t h = 0; h < s->c; h++) {
        const float *q = buffers.x + (size_t)h * s->d;
        kernels->rows->attention(&(struct cpu_attention){.q = q,
                                                         .k = q + width,
                                                         .v = q + 2 * width,
                                                         .stride = stride,
                                                         .query_stride = stride,
                                                         .out_stride = width,
                                                         .tokens = s->a,
                                                         .queries = s->b,
                                                         .head = s->d,
                                                         .scale = 0.125f,
                                                         .out = buffers.y + (size_t)h * s->d,
                                                         .scratch = buffers.scratch});
    }
}

static void run_rows(const struct step *s, bool norm) {
    for (uint32_t r = 0; r < s->a; r++) {
        const float *x = buffers.x + (size_t)r * s->b;
        if (norm) kernels->rows->norm(x, buffers.scales, buffers.scales, s->b, 1e-5f, buffers.y);
        kernels->rows->quantize(norm ? buffers.y : x, s->b, buffers.in + (size_t)r * s->b);
    }
}

static double run(const struct step *s, uint32_t serial) {
    double start = clock_ms();
    if (!strcmp(s->kind, "linear"))
        run_linear(s, serial);
    else if (!strcmp(s->kind, "attention"))
        run_attention(s);
    else
        run_rows(s, !strcmp(s->kind, "norm"));
    return clock_ms() - start;
}

static uint32_t read_plan(struct step *steps) {
    char line[256];
    uint32_t count = 0;
    for (; count < LINES_MOST && fgets(line, sizeof line, stdin); count++) {
        struct step *s = &steps[count];
        *s = (struct step){.ms = 1e9};
        bool linear = !strncmp(line, "linear", 6);
        if (linear ? sscanf(line, "%31s %31s %u %u %u %31s", s->kind, s->label, &s->a, &s->b, &s->c, s->activation) != 6
                   : sscanf(line, "%31s %31s %u %u %u %u", s->kind, s->label, &s->a, &s->b, &s->c, &s->d) < 4) {
            fprintf(stderr, "cpu-time: no line of a plan: %s", line);
            exit(1);
        }
        if (linear) s->panels = room_for(panels_bytes(&kernels->dot, s->b, up(s->c, 64)));
    }
    return count;
}

/* A chain of subtractions, one a cycle; the least time of many short ones, of which some nobody interrupts. */
static void print_mhz(void) {
    enum { COUNT = 1000000 };
    double least = 1e9;
    for (int i = 0; i < 1000; i++) {
        double start = clock_ms();
        for (uint64_t n = COUNT; n; n--) __asm__ volatile("" : "+r"(n));
        double took = clock_ms() - start;
        least = took < least ? took : least;
    }
    printf("%.0f\n", COUNT / least / 1000);
}

int main(int argc, char **argv) {
    enum { LARGEST = 3 * 1024 * 320, WIDEST = 4096 * 320 };
    static struct step steps[LINES_MOST];
    if (argc > 1 && !strcmp(argv[1], "mhz")) return print_mhz(), 0;
    buffers = (struct buffers){floats(WIDEST),   floats(WIDEST),
                               floats(LARGEST),  floats(cpu_attention_scratch(320, 128)),
                               room_for(WIDEST), room_for(linear_scratch(kernels, 4096))};
    uint32_t count = read_plan(steps);
    for (uint32_t round = 1; round <= ROUNDS; round++)
        for (uint32_t i = 0; i < count; i++) {
            double ms = run(&steps[i], round * LINES_MOST + i);
            if (ms < steps[i].ms) steps[i].ms = ms;
        }
    for (uint32_t i = 0; i < count; i++) printf("measured %s %f\n", steps[i].label, steps[i].ms);
    return 0;
}
