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

/* `frame`: what is resized, its planes in `bytes`; NULL: RGB. expected: that, upright, by the CPU. */
static void check_picture(const struct prep_rule *rule, const uint8_t *bytes, uint64_t size, const struct frame *frame,
                          const uint8_t *rgb, uint32_t width, uint32_t height) {
    uint32_t patches = rule->size / PATCH * (rule->size / PATCH), numbers = 3 * PATCH * PATCH;
    uint8_t *expected = malloc((size_t)rule->size * rule->size * 3);
    double *got = calloc((size_t)patches * numbers, sizeof *got);
    struct prep_plan plan;
    struct gpu gpu;
    gpu_open(&gpu);
    assert_int_equal(prep_plan_init(&plan, rule, width, height), OCELLI_OK);
    assert_int_equal(prep_resize(&plan, rgb, expected), OCELLI_OK);
    struct prep_rows rows = prep_rows_needed(&plan);
    struct op_rows out = gpu_rows(&gpu, NULL, patches, numbers);
    uint8_t *zeros = calloc((size_t)rows.count * rule->size, 4);
    struct op_resize a = {.picture = gpu_bytes(&gpu, bytes, size),
                          .frame = frame,
                          .in_width = width,
                          .row0 = rows.first,
                          .rows = rows.count,
                          .x = upload(&gpu, &plan.x),
                          .y = upload(&gpu, &plan.y),
                          .between = gpu_bytes(&gpu, zeros, (uint64_t)rows.count * rule->size * 4),
                          .out = out,
                          .size = rule->size,
                          .patch_size = PATCH};
    memcpy(a.mean, rule->mean, sizeof a.mean);
    memcpy(a.std, rule->std, sizeof a.std);
    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    op_resize(gpu.list, &a);
    gpu_run(&gpu);
    gpu_read_rows(&gpu, out, patches, numbers, got);
    compare(rule, got, expected);
    prep_plan_finish(&plan);
    gpu_close(&gpu);
    free(expected), free(got), free(zeros);
}

static struct prep_rule rule_of(uint32_t size, enum prep_resize resize, enum prep_filter filter) {
    return (struct prep_rule){
        .size = size, .resize = resize, .filter = filter, .mean = {0.48f, 0.46f, 0.41f}, .std = {0.27f, 0.26f, 0.28f}};
}

static uint8_t *noise(uint64_t seed, size_t size) {
    uint8_t *bytes = malloc(size);
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(gpu_noise(&seed) * 127.9 + 128);
    return bytes;
}

static void check(uint32_t width, uint32_t height, uint32_t size, enum prep_resize resize, enum prep_filter filter) {
    struct prep_rule rule = rule_of(size, resize, filter);
    size_t bytes = (size_t)width * height * 3;
    uint8_t *rgb = noise(width * 31 + height, bytes + 4);
    check_picture(&rule, rgb, bytes, NULL, rgb, width, height);
    free(rgb);
}

/* Every format, rotation and rule of colours, sides odd and even, rows with padding: what frame_to_rgb() makes of it.
 */
static void check_frame(enum frame_format format, uint32_t width, uint32_t height, uint32_t rotation,
                        uint32_t padding) {
    struct frame f = {.format = format, .width = width, .height = height, .rotation = rotation};
    f.matrix = rotation & 64 ? FRAME_BT709 : FRAME_BT601;
    f.full_range = rotation & 2;
    frame_lay(&f, NULL);
    size_t size = 0;
    for (int i = 0; i < 3; i++) {
        if (!f.planes[i].stride) continue;
        f.planes[i].stride += padding;
        f.planes[i].offset = (uint32_t)size;
        size += frame_plane_bytes(&f, i);
    }
    uint8_t *bytes = noise(size + rotation, size + 4), *rgb = malloc((size_t)width * height * 3);
    for (int i = 0; i < 3; i++) f.planes[i].data = bytes + f.planes[i].offset;
    struct prep_rule rule = rule_of(32, PREP_CROP, PREP_BICUBIC);
    frame_to_rgb(&f, rgb);
    check_picture(&rule, bytes, (size + 3) / 4 * 4, &f, rgb, frame_upright_width(&f), frame_upright_height(&f));
    free(bytes), free(rgb);
}

static void test_frames(void **unused) {
    (void)unused;
    for (int format = 0; format < FRAME_FORMATS; format++)
        for (uint32_t rotation = 0; rotation < 360; rotation += 90) {
            check_frame((enum frame_format)format, 67, 41, rotation, rotation == 90 ? 5 : 0);
            check_frame((enum frame_format)format, 64, 48, rotation, rotation == 0 ? 32 : 0);
        }
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes), cmocka_unit_test(test_frames)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
