/* SPDX-License-Identifier: Apache-2.0
 * Products through panels, tiles and threads: integer sums exactly those of 64-bit arithmetic, floats against double.
 */
#include "op/cpu/linear.h"
#include "op/cpu/kernels.h"
#include "op/cpu/panels.h"
#include "op/cpu/all_kernels.h"
#include "op/op.h"

#include <math.h>

struct size {
    uint32_t rows, columns, k;
};

/* 1, tile - 1, tile, tile + 1 of rows (2, 4, 5, 6, 10; 64 of a block), of columns (16, 32; 64, 128 of a task) and of K
 * (64). */
static const struct size sizes[] = {
    {1, 1, 1},     {1, 15, 63},  {2, 16, 64},   {3, 17, 65},    {4, 31, 127}, {5, 32, 128},
    {6, 33, 129},  {7, 63, 2},   {9, 64, 3},    {10, 65, 64},   {11, 127, 5}, {50, 128, 33},
    {63, 129, 17}, {64, 48, 64}, {65, 100, 64}, {130, 20, 588}, {3, 8, 3072},
};

struct problem {
    struct size size;
    int8_t *weights, *in;
    float *in_floats, *in_scales, *scales, *bias, *out;
    int8_t *panels;
    struct cpu_linear linear;
};

static void make(struct problem *problem, const struct cpu_kernels *kernels, struct size s, bool floats) {
    uint64_t state = s.rows * 7919u + s.columns * 104729u + s.k + 1;
    uint32_t wide = padded(s.k), columns = s.columns + OP_MATRIX_SPARE;
    *problem =
        (struct problem){.size = s, .weights = malloc((size_t)s.columns * s.k), .in = lines((size_t)s.rows * wide)};
    problem->in_floats = lines(sizeof(float) * s.rows * wide), problem->in_scales = lines(sizeof(float) * s.rows);
    problem->scales = lines(sizeof(float) * columns), problem->bias = lines(sizeof(float) * columns);
    problem->out = lines(sizeof(float) * s.rows * s.columns);
    for (size_t i = 0; i < (size_t)s.columns * s.k; i++) problem->weights[i] = noise_int8(&state);
    for (uint32_t c = 0; c < s.columns; c++) problem->scales[c] = 1, problem->bias[c] = noise_float(&state);
    for (uint32_t r = 0; r < s.rows; r++) {
        problem->in_scales[r] = 1;
        for (uint32_t k = 0; k < s.k; k++)
            problem->in_floats[r * wide + k] = problem->in[r * wide + k] = noise_int8(&state);
        for (uint32_t k = s.k; k < wide; k++)
            problem->in_floats[r * wide + k] = problem->in[r * wide + k] = 77; /* what was there before */
    }
    if (floats) {
        problem->panels = lines(panels_float_bytes(&kernels->floats, s.columns, wide));
        panels_float_pack(&kernels->floats, problem->weights, 0, s.columns, s.k, wide, problem->panels);
    } else {
        problem->panels = lines(panels_bytes(&kernels->dot, s.columns, wide));
        uint32_t part = s.columns / 3; /* two matrices stacked: the second begins in the middle of a panel */
        panels_pack(&kernels->dot, problem->weights, 0, part, s.k, wide, problem->panels);
        panels_pack(&kernels->dot, problem->weights + (size_t)part * s.k, part, s.columns - part, s.k, wide,
                    problem->panels);
    }
    problem->linear = (struct cpu_linear){.kernels = kernels,
                                          .in = floats ? NULL : problem->in,
                                          .in_floats = problem->in_floats,
                                          .in_stride = wide,
                                          .panels = problem->panels,
                                          .finish = {.in_scales = problem->in_scales,
                                                     .scales = problem->scales,
                                                     .out = problem->out,
                                                     .out_stride = s.columns},
                                          .padded = wide,
                                          .rows = s.rows,
                                          .count = s.columns};
}

static void unmake(struct problem *p) {
    free(p->weights), free(p->in), free(p->in_floats), free(p->in_scales), free(p->scales), free(p->bias), free(p->out);
    free(p->panels);
}

static int64_t sum_of(const struct problem *p, uint32_t row, uint32_t column) {
    int64_t sum = 0;
    for (uint32_t k = 0; k < p->size.k; k++)
        sum += (int64_t)p->in[row * padded(p->size.k) + k] * p->weights[(size_t)column * p->size.k + k];
    return sum;
}

static void run(struct problem *p, struct pool *pool) {
    struct thread_pool_step step = {.run = linear_run, .args = &p->linear, .tasks = linear_tasks(&p->linear)};
    assert_int_equal(thread_pool_reserve(pool, linear_scratch(p->linear.kernels, p->linear.padded)), 0);
    thread_pool_run(pool, &step, 1);
}

/* All sums of these sizes are integers that a float holds: they come out exact, in floats too while below 2^24. */
static void check(const struct cpu_kernels *kernels, bool floats, struct pool *pool) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct problem p;
        make(&p, kernels, sizes[i], floats);
        for (int turn = 0; turn < 2; turn++) {
            run(&p, pool);
            for (uint32_t r = 0; r < p.size.rows; r++)
                for (uint32_t c = 0; c < p.size.columns; c++) {
                    int64_t expected = sum_of(&p, r, c);
                    assert_true(llabs(expected) < 1 << 24);
                    if (p.out[r * p.size.columns + c] != (float)expected)
                        fail_msg("%s %s (%u, %u, %u) at %u, %u: %f, not %lld", kernels->name, floats ? "float" : "dot",
                                 p.size.rows, p.size.columns, p.size.k, r, c, (double)p.out[r * p.size.columns + c],
                                 (long long)expected);
                }
            for (size_t k = 0; k < (size_t)p.size.rows * padded(p.size.k); k++) /* other inputs, the same list */
                p.in[k] = (int8_t)-p.in[k], p.in_floats[k] = -p.in_floats[k];
        }
        unmake(&p);
    }
}

static void check_both(const struct cpu_kernels *kernels) {
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        struct pool *pool;
        assert_int_equal(thread_pool_create(&pool, threads), 0);
        check(kernels, false, pool);
        check(kernels, true, pool);
        thread_pool_destroy(&pool);
    }
}

static void test_sums(void **unused) {
    (void)unused;
    each_kernels(check_both);
}

/* The largest sums there can be: nothing saturates. */
static void check_extremes(const struct cpu_kernels *kernels) {
    static const int8_t values[][2] = {{127, 127}, {-127, 127}, {127, -127}, {-127, -127}, {127, -128}, {-127, -128}};
    struct pool *pool;
    assert_int_equal(thread_pool_create(&pool, 1), 0);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct problem p;
        make(&p, kernels, (struct size){11, 33, 960}, false);
        memset(p.weights, values[i][1], 33 * 960);
        memset(p.in, values[i][0], 11 * 960);
        memset(p.panels, 0, panels_bytes(&kernels->dot, 33, 960));
        panels_pack(&kernels->dot, p.weights, 0, 33, 960, 960, p.panels);
        run(&p, pool);
        for (int j = 0; j < 11 * 33; j++) assert_true(p.out[j] == (float)(960 * values[i][0] * values[i][1]));
        unmake(&p);
    }
    thread_pool_destroy(&pool);
}

static void test_extremes(void **unused) {
    (void)unused;
    each_kernels(check_extremes);
}

static double activated(enum op_activation activation, double x) {
    switch (activation) {
    case OP_QUICK_GELU: return x / (1 + exp(-1.702 * x));
    case OP_GELU: return 0.5 * x * (1 + erf(x / sqrt(2)));
    case OP_GELU_TANH: return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    default: return x;
    }
}

/* Scales, bias, activation and sum with what is there, alone and together; part of the matrix' rows. */
static void check_finish(const struct cpu_kernels *kernels) {
    enum { FIRST = 20 }; /* in the middle of a panel */
    struct pool *pool;
    assert_int_equal(thread_pool_create(&pool, 2), 0);
    for (int kind = 0; kind < 32; kind++) {
        struct problem p;
        struct size s = {7, 96, 70};
        bool floats = kind & 16;
        enum op_activation activation = (enum op_activation)(kind & 3);
        make(&p, kernels, s, floats);
        for (uint32_t r = 0; r < s.rows; r++) p.in_scales[r] = floats ? 1.0f : 0.01f * (float)(r + 1);
        for (uint32_t c = 0; c < s.columns; c++) p.scales[c] = 1e-4f * (float)(c % 7 + 1);
        for (uint32_t i = 0; i < s.rows * s.columns; i++) p.out[i] = 0.25f * (float)(i % 5);
        p.linear.finish.bias = kind & 4 ? p.bias : NULL;
        p.linear.finish.add = kind & 8;
        p.linear.finish.activation = activation;
        p.linear.first = FIRST, p.linear.count = 40;
        run(&p, pool);
        double worst = 0;
        for (uint32_t r = 0; r < s.rows; r++)
            for (uint32_t c = 0; c < s.columns; c++) {
                uint32_t i = r * s.columns + c;
                double was = 0.25 * (i % 5), got = (double)p.out[i],
                       sum = (double)sum_of(&p, r, c + FIRST < 96 ? c + FIRST : 0);
                double value = sum * (double)p.in_scales[r] * (double)p.scales[(c + FIRST) % 96];
                if (kind & 4) value += (double)p.bias[(c + FIRST) % 96];
                value = activated(activation, value) + (kind & 8 ? was : 0);
                double expected = c < 40 ? value : was;
                worst = fmax(worst, fabs(got - expected) / fmax(1, fabs(expected)));
            }
        if (worst > 2e-6) fail_msg("%s, kind %d: %.1e", kernels->name, kind, worst);
        unmake(&p);
    }
    thread_pool_destroy(&pool);
}

static void test_finish(void **unused) {
    (void)unused;
    each_kernels(check_finish);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
