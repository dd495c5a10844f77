/* SPDX-License-Identifier: Apache-2.0 */
#include "ref/ref.h"
#include "support/gpu.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct gpu gpu;
static const uint32_t widths[] = {4, 8, 60, 64, 68, 128, 588, 768, 1024};
enum { WIDTHS = sizeof widths / sizeof widths[0] };

struct weights {
    float weight[1024], bias[1024];
    struct op_view on_gpu[2];
};

static void make_weights(struct weights *w, uint64_t *state, uint32_t width) {
    for (uint32_t i = 0; i < width; i++) {
        w->weight[i] = (float)(1 + 0.5 * gpu_noise(state));
        w->bias[i] = (float)gpu_noise(state);
    }
    w->on_gpu[0] = gpu_bytes(&gpu, w->weight, width * sizeof(float));
    w->on_gpu[1] = gpu_bytes(&gpu, w->bias, width * sizeof(float));
}

static void run(struct op_norm a, const struct weights *w) {
    a.weight = w->on_gpu[0], a.bias = w->on_gpu[1], a.epsilon = 1e-5f;
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    op_norm(gpu.list, &a);
    gpu_run(&gpu);
}

static void test_rows(void **unused) {
    (void)unused;
    enum { ROWS = 5 };
    for (int i = 0; i < WIDTHS; i++) {
        uint32_t width = widths[i];
        uint64_t state = width;
        struct weights w;
        gpu_open(&gpu);
        make_weights(&w, &state, width);
        double *in = gpu_random(&state, ROWS * width), expected[ROWS * 1024], got[ROWS * 1024];
        for (uint32_t j = 0; j < width; j++) in[j] = (float)(in[j] + 100); /* a mean far from zero */
        in[width] *= 1000;                                                 /* an outlier channel */
        for (uint32_t j = 0; j < width; j++) in[2 * width + j] = 0.25;     /* no variance at all */
        struct op_rows from = gpu_rows(&gpu, in, ROWS, width), out = gpu_rows(&gpu, NULL, ROWS, width);
        run((struct op_norm){.in = from, .out = out, .rows = ROWS, .width = width}, &w);
        gpu_read_rows(&gpu, out, ROWS, width, got);
        ref_norm(in, w.weight, w.bias, ROWS, width, 1e-5f, expected);
        double difference = gpu_difference(got, expected, ROWS * width);
        printf("width %u: %.1e\n", width, difference);
        assert_true(difference < 2e-5); /* 100 +- 1 in floats keeps 17 bits */
        struct op_rows panels = gpu_panels(&gpu, NULL, ROWS, width, 3);
        run((struct op_norm){.in = from, .out = panels, .rows = ROWS, .width = width}, &w);
        double again[ROWS * 1024];
        gpu_read_rows(&gpu, panels, ROWS, width, again);
        assert_memory_equal(got, again, ROWS * width * sizeof *got);
        gpu_close(&gpu);
        free(in);
    }
}

static void test_quantize(void **unused) {
    (void)unused;
    enum { ROWS = 3 };
    for (int i = 0; i < WIDTHS; i++) {
        uint32_t width = widths[i];
        uint64_t state = width;
        struct weights w;
        gpu_open(&gpu);
        make_weights(&w, &state, width);
        double *in = gpu_random(&state, ROWS * width), expected[ROWS * 1024], got[ROWS * 1024];
        struct op_rows from = gpu_rows(&gpu, in, ROWS, width), out = gpu_int8_rows(&gpu, ROWS, width);
        run((struct op_norm){.in = from, .out = out, .rows = ROWS, .width = width}, &w);
        gpu_read_rows(&gpu, out, ROWS, width, got);
        ref_norm(in, w.weight, w.bias, ROWS, width, 1e-5f, expected);
        for (uint32_t r = 0; r < ROWS; r++) {
            double largest = 0;
            for (uint32_t j = 0; j < width; j++) largest = fmax(largest, fabs(expected[r * width + j]));
            for (uint32_t j = 0; j < width; j++)
                assert_true(fabs(got[r * width + j] - expected[r * width + j]) < largest / 127 * 0.501);
        }
        gpu_close(&gpu);
        free(in);
    }
}

static void test_gather(void **unused) {
    (void)unused;
    enum { ROWS = 9, PICKED = 4, WIDTH = 68 };
    static const uint32_t picked[PICKED] = {8, 0, 3, 3};
    uint64_t state = 1;
    struct weights w;
    gpu_open(&gpu);
    make_weights(&w, &state, WIDTH);
    double *in = gpu_random(&state, ROWS * WIDTH), chosen[PICKED * WIDTH], expected[PICKED * WIDTH],
           got[PICKED * WIDTH];
    for (int i = 0; i < PICKED; i++) memcpy(chosen + i * WIDTH, in + picked[i] * WIDTH, WIDTH * sizeof *in);
    ref_norm(chosen, w.weight, w.bias, PICKED, WIDTH, 1e-5f, expected);
    struct op_rows outs[] = {gpu_rows(&gpu, NULL, PICKED, WIDTH), gpu_panels(&gpu, NULL, PICKED, WIDTH, 3),
                             gpu_int8_rows(&gpu, PICKED, WIDTH)};
    static const double marks[] = {2e-6, 2e-6, 0.02};
    for (int i = 0; i < 3; i++) {
        struct op_rows copied = gpu_rows(&gpu, NULL, PICKED, WIDTH);
        run((struct op_norm){.in = gpu_rows(&gpu, in, ROWS, WIDTH),
                             .out = outs[i],
                             .rows = PICKED,
                             .width = WIDTH,
                             .picked = copied,
                             .gather = gpu_bytes(&gpu, picked, sizeof picked)},
            &w);
        gpu_read_rows(&gpu, outs[i], PICKED, WIDTH, got);
        assert_true(gpu_difference(got, expected, PICKED * WIDTH) < marks[i]);
        gpu_read_rows(&gpu, copied, PICKED, WIDTH, got);
        assert_memory_equal(got, chosen, sizeof got);
    }
    gpu_close(&gpu);
    free(in);
}

/* Class token and patches of two pictures, plus positions. */
static void test_tokens(void **unused) {
    (void)unused;
    enum { BATCH = 2, TOKENS = 5, PATCHES = TOKENS - 1, WIDTH = 20 };
    uint64_t state = 2;
    struct weights w;
    gpu_open(&gpu);
    make_weights(&w, &state, WIDTH);
    double *patches = gpu_random(&state, BATCH * PATCHES * WIDTH), *class_token = gpu_random(&state, WIDTH),
           *positions = gpu_random(&state, TOKENS * WIDTH);
    double in[BATCH * TOKENS * WIDTH], expected[BATCH * TOKENS * WIDTH], got[BATCH * TOKENS * WIDTH];
    for (int b = 0; b < BATCH; b++)
        for (int t = 0; t < TOKENS; t++)
            for (int d = 0; d < WIDTH; d++) {
                double token = t ? patches[(b * PATCHES + t - 1) * WIDTH + d] : class_token[d];
                in[(b * TOKENS + t) * WIDTH + d] = token + positions[t * WIDTH + d];
            }
    float packed_class[WIDTH], packed_positions[TOKENS * WIDTH];
    for (int i = 0; i < WIDTH; i++) packed_class[i] = (float)class_token[i];
    for (int i = 0; i < TOKENS * WIDTH; i++) packed_positions[i] = (float)positions[i];
    struct op_rows from = gpu_rows(&gpu, patches, BATCH * PATCHES, WIDTH),
                   out = gpu_rows(&gpu, NULL, BATCH * TOKENS, WIDTH);
    run((struct op_norm){.in = from,
                         .out = out,
                         .rows = BATCH * TOKENS,
                         .width = WIDTH,
                         .tokens = TOKENS,
                         .class_token = gpu_bytes(&gpu, packed_class, sizeof packed_class),
                         .positions = gpu_bytes(&gpu, packed_positions, sizeof packed_positions)},
        &w);
    gpu_read_rows(&gpu, out, BATCH * TOKENS, WIDTH, got);
    ref_norm(in, w.weight, w.bias, BATCH * TOKENS, WIDTH, 1e-5f, expected);
    assert_true(gpu_difference(got, expected, BATCH * TOKENS * WIDTH) < 2e-6);
    gpu_close(&gpu);
    free(patches), free(class_token), free(positions);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_quantize),
        cmocka_unit_test(test_gather),
        cmocka_unit_test(test_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
