/* SPDX-License-Identifier: Apache-2.0 */
#include "ref/ref.h"
#include "support/gpu.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct shape {
    uint32_t sequences, tokens, heads, head;
} shapes[] = {
    {1, 1, 1, 4},
    {1, 3, 2, 8},
    {2, 4, 1, 16},
    {1, 5, 3, 20},
    {1, 31, 2, 32},
    {2, 32, 1, 64},
    {1, 33, 2, 64},
    {3, 50, 2, 64},
    {1, 77, 1, 80},
    {1, 197, 1, 64},
    {1, OP_ATTENTION_MAX_TOKENS, 1, 128},
};

static double run(struct shape s, bool causal, double sharpness) {
    struct gpu gpu;
    uint32_t width = s.heads * s.head, rows = s.sequences * s.tokens;
    uint64_t state = rows + width;
    double *qkv = gpu_random(&state, (size_t)rows * 3 * width);
    for (size_t i = 0; i < (size_t)rows * 3 * width; i++) qkv[i] = (float)(qkv[i] * sharpness);
    double *expected = calloc((size_t)rows * width, sizeof *expected), *got = calloc((size_t)rows * width, sizeof *got);
    gpu_open(&gpu);
    struct op_rows in = gpu_rows(&gpu, qkv, rows, 3 * width), out = gpu_rows(&gpu, NULL, rows, width);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    op_attention(gpu.list, &(struct op_attention){.in = in,
                                                  .out = out,
                                                  .sequences = s.sequences,
                                                  .tokens = s.tokens,
                                                  .width = width,
                                                  .heads = s.heads,
                                                  .causal = causal});
    gpu_run(&gpu);
    gpu_read_rows(&gpu, out, rows, width, got);
    gpu_close(&gpu);
    ref_attention(qkv, s.sequences, s.tokens, width, s.heads, causal, expected);
    double difference = gpu_difference(got, expected, (size_t)rows * width);
    printf("%u x %u tokens, %u heads of %u%s, sharpness %g: %.1e\n", s.sequences, s.tokens, s.heads, s.head,
           causal ? ", causal" : "", sharpness, difference);
    free(qkv), free(expected), free(got);
    return difference;
}

static void test_shapes(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int causal = 0; causal < 2; causal++) assert_true(run(shapes[i], causal, 1) < 3e-6);
}

/* One query a sequence, its q in rows of its own, the result in panels: the same as that row among all. */
static void check_pooled(struct shape s, bool causal) {
    struct gpu gpu;
    uint32_t width = s.heads * s.head, rows = s.sequences * s.tokens, pooled[8];
    uint64_t state = rows + width;
    double *qkv = gpu_random(&state, (size_t)rows * 3 * width), *all = calloc((size_t)rows * width, sizeof *all);
    double *q = calloc((size_t)s.sequences * width, sizeof *q),
           *expected = calloc((size_t)s.sequences * width, sizeof *q);
    double *got = calloc((size_t)s.sequences * width, sizeof *got);
    ref_attention(qkv, s.sequences, s.tokens, width, s.heads, causal, all);
    for (uint32_t i = 0; i < s.sequences; i++) {
        pooled[i] = i * s.tokens + (i * 7 + 2) % s.tokens;
        memcpy(q + (size_t)i * width, qkv + (size_t)pooled[i] * 3 * width, width * sizeof *q);
        memcpy(expected + (size_t)i * width, all + (size_t)pooled[i] * width, width * sizeof *q);
    }
    gpu_open(&gpu);
    struct op_rows out = gpu_panels(&gpu, NULL, s.sequences, width, 2);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    op_attention(gpu.list, &(struct op_attention){.in = gpu_rows(&gpu, qkv, rows, 3 * width),
                                                  .query = gpu_rows(&gpu, q, s.sequences, width),
                                                  .pooled = gpu_bytes(&gpu, pooled, s.sequences * sizeof *pooled),
                                                  .out = out,
                                                  .sequences = s.sequences,
                                                  .tokens = s.tokens,
                                                  .width = width,
                                                  .heads = s.heads,
                                                  .causal = causal});
    gpu_run(&gpu);
    gpu_read_rows(&gpu, out, s.sequences, width, got);
    gpu_close(&gpu);
    assert_true(gpu_difference(got, expected, (size_t)s.sequences * width) < 3e-6);
    free(qkv), free(all), free(q), free(expected), free(got);
}

static void test_pooled(void **unused) {
    (void)unused;
    static const struct shape pooled_shapes[] = {{1, 1, 1, 4}, {3, 5, 2, 20}, {2, 50, 2, 64}, {5, 33, 1, 80}};
    for (size_t i = 0; i < sizeof pooled_shapes / sizeof pooled_shapes[0]; i++)
        for (int causal = 0; causal < 2; causal++) check_pooled(pooled_shapes[i], causal);
}

/* Scores in the hundreds: exp() must not overflow. */
static void test_sharp(void **unused) {
    (void)unused;
    assert_true(run((struct shape){1, 50, 2, 64}, false, 20) < 3e-4);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes), cmocka_unit_test(test_pooled),
                                       cmocka_unit_test(test_sharp)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
