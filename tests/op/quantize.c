/* SPDX-License-Identifier: Apache-2.0 */
#include "ref/ref.h"
#include "support/gpu.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct gpu gpu;

/* What an int8 row can hold of `in`: half a step, the step being max / 127; ties may round apart. */
static void check_row(const double *in, const double *got, uint32_t width) {
    double largest = 0;
    for (uint32_t i = 0; i < width; i++) largest = fmax(largest, fabs(in[i]));
    for (uint32_t i = 0; i < width; i++) assert_true(fabs(in[i] - got[i]) <= largest / 127 * 0.50001);
}

static void check(uint32_t rows, uint32_t width, const double *in) {
    double *got = calloc((size_t)rows * width, sizeof *got), *expected = calloc((size_t)rows * width, sizeof *expected);
    struct op_rows from = gpu_rows(&gpu, in, rows, width), quantized = gpu_int8_rows(&gpu, rows, width);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    quantized = op_input(gpu.list, from, rows, width, quantized);
    gpu_run(&gpu);
    gpu_read_rows(&gpu, quantized, rows, width, got);
    for (uint32_t r = 0; r < rows; r++) check_row(in + (size_t)r * width, got + (size_t)r * width, width);
    memcpy(expected, in, (size_t)rows * width * sizeof *in);
    ref_quantize(expected, rows, width);
    size_t apart = 0;
    for (size_t i = 0; i < (size_t)rows * width; i++) apart += fabs(got[i] - expected[i]) > 1e-6 * fabs(expected[i]);
    printf("%ux%u: %zu of %zu rounded apart\n", rows, width, apart, (size_t)rows * width);
    assert_true(apart <= 1 + (size_t)rows * width / 1000);
    free(got), free(expected);
}

static void test_rows(void **unused) {
    (void)unused;
    static const uint32_t widths[] = {1, 3, 4, 5, 63, 64, 65, 256, 588, 3072};
    gpu_open(&gpu);
    if (!gpu_use_kind(&gpu, OCELLI_KIND_DOT)) {
        printf("SKIP: %s has no packed dot product\n", op_device_name(gpu.device));
        skip();
    }
    uint64_t state = 5;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        double *in = gpu_random(&state, 5 * widths[i]);
        for (uint32_t j = 0; j < widths[i]; j++) in[2 * widths[i] + j] = 0;     /* an all-zero row */
        for (uint32_t j = 0; j < widths[i]; j++) in[3 * widths[i] + j] *= 1e20; /* and a huge one */
        for (uint32_t j = 0; j < widths[i]; j++) in[3 * widths[i] + j] = (float)in[3 * widths[i] + j];
        check(5, widths[i], in);
        free(in);
    }
    gpu_close(&gpu);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
