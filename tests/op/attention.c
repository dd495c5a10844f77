/* SPDX-License-Identifier: Apache-2.0 */
#include "ref/ref.h"
#include "support/gpu.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>

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
    assert_int_equal(op_list_end(gpu.list), OCELLI_OK);
    assert_int_equal(op_list_run(gpu.list), OCELLI_OK);
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

/* Scores in the hundreds: exp() must not overflow. */
static void test_sharp(void **unused) {
    (void)unused;
    assert_true(run((struct shape){1, 50, 2, 64}, false, 20) < 3e-4);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes), cmocka_unit_test(test_sharp)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
