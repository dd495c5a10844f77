/* SPDX-License-Identifier: Apache-2.0 */
#include "ref/ref.h"
#include "support/gpu.h"
#include "support/test.h"

#include <stdlib.h>

static struct gpu gpu;

struct size {
    uint32_t rows, columns, k;
};

/* 1, tile-1, tile, tile+1 of each; a tile is up to 10 rows, a workgroup 16 of them, 8, 32 or 64 columns, 16 of K padded
 * to 64. */
static const struct size sizes[] = {
    {1, 1, 1},    {1, 8, 16},   {2, 31, 15},  {4, 32, 16},   {5, 33, 17},   {6, 7, 15},     {8, 8, 16},
    {9, 9, 17},   {10, 63, 63}, {11, 64, 64}, {9, 65, 65},   {50, 96, 588}, {17, 130, 768}, {50, 100, 48},
    {79, 36, 20}, {80, 36, 20}, {81, 36, 20}, {161, 20, 36}, {197, 40, 64}, {257, 24, 64},  {3, 512, 3072},
};

static void random_weights(uint64_t *state, struct size s, int8_t *weights, float *scales, float *bias) {
    for (size_t i = 0; i < (size_t)s.columns * s.k; i++) weights[i] = (int8_t)(gpu_noise(state) * 127);
    for (uint32_t i = 0; i < s.columns; i++) {
        scales[i] = (float)(0.001 + 0.01 * (gpu_noise(state) + 1));
        bias[i] = (float)gpu_noise(state);
    }
}

/* What comes before op_input(). */
static struct op_rows inputs(const double *values, uint32_t rows, uint32_t k) {
    return gpu_panels(&gpu, values, rows, k, op_unquantized_rows(gpu.device, (struct op_rows){0}, rows).panel);
}

static double run(struct size s, enum op_activation activation, bool with_bias, bool add) {
    uint64_t state = s.rows * 7919u + s.columns * 104729u + s.k + activation;
    int8_t *weights = malloc((size_t)s.columns * s.k);
    float *scales = malloc(s.columns * sizeof *scales), *bias = malloc(s.columns * sizeof *bias);
    random_weights(&state, s, weights, scales, bias);
    double *in = gpu_random(&state, (size_t)s.rows * s.k), *expected = gpu_random(&state, (size_t)s.rows * s.columns);
    double *got = malloc((size_t)s.rows * s.columns * sizeof *got);

    struct op_weights loader;
    struct op_source source = {.values = weights, .scales = scales, .bias = with_bias ? bias : NULL, .rows = s.columns};
    struct op_matrix matrix = gpu_matrix(&gpu, &loader, &source, 1, s.k);

    struct op_rows rows = inputs(in, s.rows, s.k), out = gpu_rows(&gpu, expected, s.rows, s.columns);
    struct op_rows quantized = gpu_int8_rows(&gpu, s.rows, s.k);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    struct op_rows input = op_input(gpu.list, rows, s.rows, s.k, quantized);
    op_linear(gpu.list, &(struct op_linear){.label = "test",
                                            .in = input,
                                            .matrix = &matrix,
                                            .out = out,
                                            .rows = s.rows,
                                            .activation = activation,
                                            .add = add});
    gpu_run(&gpu);

    if (op_input_is_int8(gpu.device)) gpu_read_rows(&gpu, input, s.rows, s.k, in); /* judge the product alone */
    ref_linear(in, weights, scales, with_bias ? bias : NULL, s.rows, s.columns, s.k, activation, add, expected);
    gpu_read_rows(&gpu, out, s.rows, s.columns, got);
    double difference = gpu_difference(got, expected, (size_t)s.rows * s.columns);
    op_weights_destroy(&loader);
    free(weights), free(scales), free(bias), free(in), free(expected), free(got);
    return difference;
}

static void each_product(void (*check)(const char *product)) {
    struct op_way ways[OP_WAYS_MOST];
    for (uint32_t i = 0, count = 1; i < count; i++) {
        gpu_open(&gpu);
        count = op_device_ways(gpu.device, ways);
        op_device_use(gpu.device, &ways[i]);
        check(ways[i].name);
        gpu_close(&gpu);
    }
}

/* The run with wide subgroups takes a third of the cases, another third for each product; `make test-subgroups` has
 * all. */
static bool is_chosen(size_t index) {
    static size_t product;
    if (index == 0) product++;
    return test_is_long() || !getenv("OCELLI_PART") || (index + product) % 3 == 0;
}

static void check_sizes(const char *product) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (!is_chosen(i)) continue;
        double difference = run(sizes[i], OP_NONE, true, false);
        printf("%s %ux%ux%u: %.1e\n", product, sizes[i].rows, sizes[i].columns, sizes[i].k, difference);
        assert_true(difference < 1e-5);
    }
}

static void check_epilogues(const char *product) {
    for (int activation = OP_NONE; activation <= OP_GELU_TANH; activation++)
        for (int flags = 0; flags < 4; flags++) {
            if (!is_chosen((size_t)(4 * activation + flags))) continue;
            double difference = run((struct size){9, 20, 33}, (enum op_activation)activation, flags & 1, flags & 2);
            if (difference >= 2e-6) printf("%s activation %d flags %d: %.1e\n", product, activation, flags, difference);
            assert_true(difference < 2e-6);
        }
}

static void test_sizes(void **unused) {
    (void)unused;
    each_product(check_sizes);
}

static void test_epilogues(void **unused) {
    (void)unused;
    each_product(check_epilogues);
}

/* q, k and v as one matrix: each source's rows, scales and bias in their place; computed in two parts. */
static void check_stacked(const char *product) {
    enum { ROWS = 7, PART = 12, K = 20 };
    uint64_t state = 3;
    int8_t weights[3 * PART * K];
    float scales[3 * PART], bias[3 * PART];
    random_weights(&state, (struct size){ROWS, 3 * PART, K}, weights, scales, bias);
    struct op_source parts[3];
    for (int i = 0; i < 3; i++)
        parts[i] = (struct op_source){weights + i * PART * K, scales + i * PART, bias + i * PART, PART};
    struct op_weights stacked;
    struct op_matrix matrix = gpu_matrix(&gpu, &stacked, parts, 3, K);
    double *in = gpu_random(&state, ROWS * K), expected[ROWS * 3 * PART], got[ROWS * 3 * PART];
    struct op_rows rows = inputs(in, ROWS, K), out = gpu_rows(&gpu, NULL, ROWS, 3 * PART);
    struct op_rows quantized = gpu_int8_rows(&gpu, ROWS, K);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    struct op_rows input = op_input(gpu.list, rows, ROWS, K, quantized);
    op_linear(gpu.list, &(struct op_linear){.label = "k v",
                                            .in = input,
                                            .matrix = &matrix,
                                            .out = out,
                                            .rows = ROWS,
                                            .first = PART,
                                            .count = 2 * PART});
    op_linear(gpu.list, &(struct op_linear){
                            .label = "q", .in = input, .matrix = &matrix, .out = out, .rows = ROWS, .count = PART});
    gpu_run(&gpu);
    if (op_input_is_int8(gpu.device)) gpu_read_rows(&gpu, input, ROWS, K, in);
    ref_linear(in, weights, scales, bias, ROWS, 3 * PART, K, OP_NONE, false, expected);
    gpu_read_rows(&gpu, out, ROWS, 3 * PART, got);
    double difference = gpu_difference(got, expected, ROWS * 3 * PART);
    printf("%s stacked: %.1e\n", product, difference);
    assert_true(difference < 1e-5);
    op_weights_destroy(&stacked);
    free(in);
}

/* The output as the next product's input. */
static void check_panels(const char *product) {
    enum { ROWS = 23, COLUMNS = 33, K = 20 };
    uint64_t state = 4;
    int8_t weights[COLUMNS * K];
    float scales[COLUMNS], bias[COLUMNS];
    struct op_weights loader;
    random_weights(&state, (struct size){ROWS, COLUMNS, K}, weights, scales, bias);
    struct op_source source = {weights, scales, bias, COLUMNS};
    struct op_matrix matrix = gpu_matrix(&gpu, &loader, &source, 1, K);
    double *in = gpu_random(&state, ROWS * K), expected[ROWS * COLUMNS], got[ROWS * COLUMNS];
    struct op_rows quantized = gpu_int8_rows(&gpu, ROWS, K), out = inputs(NULL, ROWS, COLUMNS);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    struct op_rows input = op_input(gpu.list, inputs(in, ROWS, K), ROWS, K, quantized);
    op_linear(gpu.list,
              &(struct op_linear){
                  .label = "test", .in = input, .matrix = &matrix, .out = out, .rows = ROWS, .activation = OP_GELU});
    gpu_run(&gpu);
    if (op_input_is_int8(gpu.device)) gpu_read_rows(&gpu, input, ROWS, K, in);
    ref_linear(in, weights, scales, bias, ROWS, COLUMNS, K, OP_GELU, false, expected);
    gpu_read_rows(&gpu, out, ROWS, COLUMNS, got);
    double difference = gpu_difference(got, expected, ROWS * COLUMNS);
    printf("%s to panels of %u: %.1e\n", product, out.panel, difference);
    assert_true(difference < 1e-5);
    op_weights_destroy(&loader);
    free(in);
}

static void test_panels(void **unused) {
    (void)unused;
    each_product(check_panels);
}

static void test_stacked(void **unused) {
    (void)unused;
    each_product(check_stacked);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_epilogues),
        cmocka_unit_test(test_stacked),
        cmocka_unit_test(test_panels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
