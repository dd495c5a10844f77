/* SPDX-License-Identifier: Apache-2.0
 * The shader against the CPU form, byte for byte: the same tables, the same integers. */
#include "prep/prep.h"
#include "support/gpu.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PATCH = 8 };

static struct op_axis upload(struct gpu *gpu, const struct prep_axis *a) {
    return (struct op_axis){.first = gpu_bytes(gpu, a->first, a->out_size * sizeof *a->first),
                            .weight = gpu_bytes(gpu, a->weight, (uint64_t)a->out_size * a->taps * sizeof *a->weight),
                            .taps = a->taps};
}

/* Normalised patches back to the byte of pixel x, y, channel c. */
static int byte_of(const struct prep_rule *rule, const double *patches, uint32_t x, uint32_t y, uint32_t c) {
    uint32_t across = rule->size / PATCH, row = y / PATCH * across + x / PATCH;
    double v = patches[row * 3 * PATCH * PATCH + (c * PATCH + y % PATCH) * PATCH + x % PATCH];
    double byte = (v * rule->std[c] + rule->mean[c]) * 255;
    assert_true(fabs(byte - nearbyint(byte)) < 1e-3);
    return (int)nearbyint(byte);
}

static void compare(const struct prep_rule *rule, const double *patches, const uint8_t *expected) {
    for (uint32_t y = 0; y < rule->size; y++)
        for (uint32_t x = 0; x < rule->size; x++)
            for (uint32_t c = 0; c < 3; c++)
                assert_int_equal(byte_of(rule, patches, x, y, c), expected[(y * rule->size + x) * 3 + c]);
}

static void check(uint32_t width, uint32_t height, uint32_t size, enum prep_resize resize, enum prep_filter filter) {
    struct prep_rule rule = {
        .size = size, .resize = resize, .filter = filter, .mean = {0.48f, 0.46f, 0.41f}, .std = {0.27f, 0.26f, 0.28f}};
    uint32_t patches = size / PATCH * (size / PATCH), numbers = 3 * PATCH * PATCH;
    uint64_t state = width * 31 + height;
    uint8_t *rgb = malloc((size_t)width * height * 3 + 4), *expected = malloc((size_t)size * size * 3);
    for (size_t i = 0; i < (size_t)width * height * 3; i++) rgb[i] = (uint8_t)(gpu_noise(&state) * 127.9 + 128);
    double *got = calloc((size_t)patches * numbers, sizeof *got);
    struct prep_plan plan;
    struct gpu gpu;
    gpu_open(&gpu);
    assert_int_equal(prep_plan_init(&plan, &rule, width, height), OCELLI_OK);
    assert_int_equal(prep_resize(&plan, rgb, expected), OCELLI_OK);
    struct prep_rows rows = prep_rows_needed(&plan);
    struct op_rows out = gpu_rows(&gpu, NULL, patches, numbers);
    uint8_t *zeros = calloc((size_t)rows.count * size, 4);
    struct op_resize a = {.picture = gpu_bytes(&gpu, rgb, (uint64_t)width * height * 3),
                          .in_width = width,
                          .row0 = rows.first,
                          .rows = rows.count,
                          .x = upload(&gpu, &plan.x),
                          .y = upload(&gpu, &plan.y),
                          .between = gpu_bytes(&gpu, zeros, (uint64_t)rows.count * size * 4),
                          .out = out,
                          .size = size,
                          .patch_size = PATCH};
    memcpy(a.mean, rule.mean, sizeof a.mean);
    memcpy(a.std, rule.std, sizeof a.std);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    op_resize(gpu.list, &a);
    gpu_run(&gpu);
    gpu_read_rows(&gpu, out, patches, numbers, got);
    compare(&rule, got, expected);
    prep_plan_finish(&plan);
    gpu_close(&gpu);
    free(rgb), free(expected), free(got), free(zeros);
}

static void test_sizes(void **unused) {
    (void)unused;
    static const uint32_t sizes[][2] = {{1, 1},    {3, 7},    {31, 32},   {32, 32}, {33, 32},
                                        {100, 20}, {20, 100}, {640, 480}, {1, 200}, {2000, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int rule = 0; rule < 4; rule++)
            check(sizes[i][0], sizes[i][1], 32, (enum prep_resize)(rule & 1), (enum prep_filter)(rule >> 1));
    check(641, 479, 224, PREP_CROP, PREP_BICUBIC);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
