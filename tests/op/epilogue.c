/* SPDX-License-Identifier: Apache-2.0
 * The next product's input, made by the last workgroup of an op or by a dispatch of its own. */
#ifdef OCELLI_VULKAN
#include "op/vulkan/vulkan.h"
#endif
#include "ref/ref.h"
#include "support/gpu.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct gpu gpu;

/* Room for rows as the next product takes them. */
static struct op_rows input_space(uint32_t rows, uint32_t width) {
    if (op_input_is_int8(gpu.device)) return op_input_rows(gpu.device, gpu_int8_rows(&gpu, rows, width), rows);
    uint32_t panel = op_input_rows(gpu.device, (struct op_rows){0}, rows).panel;
    return gpu_panels(&gpu, NULL, rows, width, panel);
}

static struct op_view at(struct op_view whole, uint64_t offset, uint64_t size) {
    return (struct op_view){whole.memory, whole.offset + offset, size};
}

/* `got` is `expected` up to rounding: of float arithmetic or, of int8, to 1 / 254 of the row's largest. */
static void check_rows(const double *expected, const double *got, uint32_t rows, uint32_t width, bool int8) {
    for (uint32_t r = 0; r < rows; r++) {
        double largest = 0;
        for (uint32_t i = 0; i < width; i++) largest = fmax(largest, fabs(expected[r * width + i]));
        double allowed = int8 ? 0.501 * largest / 127 + 1e-5 : 2e-5 * fmax(1, largest);
        for (uint32_t i = 0; i < width; i++) assert_true(fabs(expected[r * width + i] - got[r * width + i]) <= allowed);
    }
}

/* Three runs of one list: each finds the counters as the one before left them. */
static void run_thrice(uint32_t dispatches) {
    assert_int_equal(op_list_end(gpu.list), OCELLI_OK);
    assert_int_equal(op_list_count(gpu.list), dispatches);
    for (int i = 0; i < 3; i++) assert_int_equal(op_list_run(gpu.list), OCELLI_OK);
}

struct size {
    uint32_t rows, columns, k;
};

/* Those of the device; on Vulkan each product with and without what it fuses. */
static uint32_t all_ways(const struct op_device *device, struct op_way ways[2 * OP_WAYS_MOST]) {
    uint32_t count = 0;
    if (op_device_type(device) == OP_DEVICE_CPU) return op_device_ways(device, ways); /* else Vulkan's */
#ifdef OCELLI_VULKAN
    for (int p = 0; p < PRODUCT_COUNT; p++)
        for (int fuses = 1; fuses >= 0; fuses--) count += product_way(device, (enum product)p, fuses, &ways[count]);
#endif
    return count;
}

/* A product's rows, normed or (int8) only quantized; they are what the device itself left as floats. */
static void check_linear(struct size s, bool norm) {
    uint64_t state = s.rows + 31 * s.columns;
    int8_t *weights = malloc((size_t)s.columns * s.k);
    float *scales = malloc(s.columns * sizeof *scales), *numbers = malloc(2 * s.columns * sizeof *numbers);
    for (size_t i = 0; i < (size_t)s.columns * s.k; i++) weights[i] = (int8_t)(gpu_noise(&state) * 127);
    for (uint32_t i = 0; i < s.columns; i++) scales[i] = 0.01f;
    for (uint32_t i = 0; i < 2 * s.columns; i++) numbers[i] = (float)gpu_noise(&state);
    size_t count = (size_t)s.rows * s.columns;
    double *in = gpu_random(&state, (size_t)s.rows * s.k), *before = gpu_random(&state, count);
    double *result = malloc(count * sizeof *result), *expected = malloc(count * sizeof *expected);
    double *got = malloc(count * sizeof *got);

    struct op_weights loader;
    struct op_matrix matrix =
        gpu_matrix(&gpu, &loader, &(struct op_source){.values = weights, .scales = scales, .rows = s.columns}, 1, s.k);
    struct op_view both = gpu_bytes(&gpu, numbers, 2 * s.columns * sizeof *numbers);
    uint64_t half = s.columns * sizeof *numbers;
    struct op_rows out = gpu_rows(&gpu, before, s.rows, s.columns), next_input = input_space(s.rows, s.columns);
    struct op_epilogue epilogue = {.out = next_input, .epsilon = 1e-5f};
    if (norm) epilogue.weight = at(both, 0, half), epilogue.bias = at(both, half, half);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    uint32_t panel = op_unquantized_rows(gpu.device, (struct op_rows){0}, s.rows).panel;
    struct op_rows input =
        op_input(gpu.list, gpu_panels(&gpu, in, s.rows, s.k, panel), s.rows, s.k, gpu_int8_rows(&gpu, s.rows, s.k));
    op_linear(gpu.list, &(struct op_linear){.label = "test",
                                            .in = input,
                                            .matrix = &matrix,
                                            .out = out,
                                            .rows = s.rows,
                                            .add = norm,
                                            .epilogue = epilogue});
    bool int8 = op_input_is_int8(gpu.device);
    bool fuses = strstr(op_device_way(gpu.device)->name, "fused") != NULL;
    run_thrice((int8 ? 1 : 0) + (fuses || !(norm || int8) ? 1 : 2));

    gpu_read_rows(&gpu, out, s.rows, s.columns, result);
    if (norm) ref_norm(result, numbers, numbers + s.columns, s.rows, s.columns, 1e-5f, expected);
    if (norm || int8) {
        gpu_read_rows(&gpu, next_input, s.rows, s.columns, got);
        check_rows(norm ? expected : result, got, s.rows, s.columns, int8);
    }
    op_weights_destroy(&loader);
    free(weights), free(scales), free(numbers), free(in), free(before), free(result), free(expected), free(got);
}

/* 1, tile - 1, tile, tile + 1 of a tile's, a workgroup's and a picture's rows; few and many workgroups a row. */
static void test_linear(void **unused) {
    (void)unused;
    static const struct size sizes[] = {{1, 4, 4},   {1, 768, 64},  {5, 68, 20},   {7, 132, 64}, {8, 512, 16},
                                        {9, 64, 68}, {50, 768, 64}, {81, 200, 20}, {197, 96, 64}};
    struct op_way ways[2 * OP_WAYS_MOST];
    for (uint32_t w = 0, count = 1; w < count; w++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            gpu_open(&gpu);
            count = all_ways(gpu.device, ways);
            op_device_use(gpu.device, &ways[w]);
            for (int norm = 0; norm < 2; norm++) check_linear(sizes[i], norm);
            gpu_close(&gpu);
        }
}

/* Attention's rows as int8: the last head's workgroup quantizes them. */
static void check_attention(const struct op_way *way, uint32_t sequences, uint32_t tokens, uint32_t heads,
                            bool pooled) {
    enum { HEAD = 64 };
    uint32_t width = heads * HEAD, rows = sequences * tokens, queries = pooled ? sequences : rows, picked[8];
    uint64_t state = rows + width;
    double *qkv = gpu_random(&state, (size_t)rows * 3 * width);
    double *result = malloc((size_t)queries * width * sizeof *result),
           *got = malloc((size_t)queries * width * sizeof *got);
    for (uint32_t i = 0; i < sequences; i++) picked[i] = i * tokens + tokens / 2;
    gpu_open(&gpu);
    op_device_use(gpu.device, way);
    bool fuses = strstr(way->name, "fused") != NULL;
    struct op_rows out = gpu_rows(&gpu, NULL, queries, width), next_input = gpu_int8_rows(&gpu, queries, width);
    if (op_device_type(gpu.device) != OP_DEVICE_CPU) next_input.panel = queries < 5 ? queries : 5;
    struct op_attention a = {.in = gpu_rows(&gpu, qkv, rows, 3 * width),
                             .out = out,
                             .sequences = sequences,
                             .tokens = tokens,
                             .width = width,
                             .heads = heads,
                             .epilogue = {.out = next_input}};
    if (pooled) a.query = a.in, a.pooled = gpu_bytes(&gpu, picked, sequences * sizeof *picked);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    op_attention(gpu.list, &a);
    run_thrice(fuses ? 1 : 2);
    gpu_read_rows(&gpu, out, queries, width, result);
    gpu_read_rows(&gpu, next_input, queries, width, got);
    check_rows(result, got, queries, width, true);
    gpu_close(&gpu);
    free(qkv), free(result), free(got);
}

static void test_attention(void **unused) {
    (void)unused;
    struct op_way ways[2 * OP_WAYS_MOST];
    gpu_open(&gpu);
    uint32_t count = all_ways(gpu.device, ways);
    gpu_close(&gpu);
    for (uint32_t w = 0; w < count && w < 2; w++) /* the product makes no difference */
        for (int pooled = 0; pooled < 2; pooled++) {
            check_attention(&ways[w], 1, 1, 1, pooled);
            check_attention(&ways[w], 3, 5, 2, pooled);
            check_attention(&ways[w], 2, 50, 12, pooled);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_linear), cmocka_unit_test(test_attention)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
