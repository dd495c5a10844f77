/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "prep/blur.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *picture(uint32_t width, uint32_t height, int (*at)(uint32_t x, uint32_t y)) {
    uint8_t *rgb = malloc((size_t)3 * width * height);
    assert_non_null(rgb);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) memset(rgb + 3 * ((size_t)y * width + x), at(x, y), 3);
    return rgb;
}

static int grey(uint32_t x, uint32_t y) {
    (void)x, (void)y;
    return 77;
}

static int chess(uint32_t x, uint32_t y) {
    return (x ^ y) & 1 ? 255 : 0;
}

static int halves(uint32_t x, uint32_t y) {
    (void)y;
    return x < 160 ? 0 : 255;
}

static const uint32_t sizes[][2] = {{1, 1},   {2, 1},   {1, 16384}, {16384, 1}, {7, 9},  {8, 8},
                                    {15, 17}, {16, 16}, {80, 80},   {320, 240}, {641, 3}};

/* One colour stays as it is, at any size; nothing is written outside. */
static void one_colour(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t width = sizes[i][0], height = sizes[i][1];
        uint8_t *rgb = picture(width, height, grey);
        blur_rgb(rgb, width, height);
        for (size_t k = 0; k < (size_t)3 * width * height; k++) assert_int_equal(rgb[k], 77);
        free(rgb);
    }
}

/* What is smaller than a block is gone, with nothing left to find it by. */
static void details(void **state) {
    (void)state;
    uint8_t *rgb = picture(320, 320, chess);
    blur_rgb(rgb, 320, 320);
    for (size_t k = 0; k < (size_t)3 * 320 * 320; k++) assert_in_range(rgb[k], 127, 128);
    free(rgb);
}

/* Two pictures of the same block means are the same picture afterwards: it cannot be undone. */
static void cannot_be_undone(void **state) {
    (void)state;
    uint8_t *a = picture(320, 320, halves), *b = picture(320, 320, halves);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 40; x++) {
            memset(a + 3 * (y * 320 + x), y < 20 ? 200 : 0, 3);
            memset(b + 3 * (y * 320 + x), y < 20 ? 0 : 200, 3); /* upside down */
        }
    assert_memory_not_equal(a, b, 3ul * 320 * 320);
    blur_rgb(a, 320, 320), blur_rgb(b, 320, 320);
    assert_memory_equal(a, b, 3ul * 320 * 320);
    assert_true(a[3 * 160] > 0 && a[3 * 160] < 255); /* an edge becomes a slope */
    free(a), free(b);
}

/* At most so many values along a row stand for themselves: between them it is straight. */
static void few_values(void **state) {
    (void)state;
    srand(3);
    uint8_t *rgb = malloc(3ul * 800 * 600);
    assert_non_null(rgb);
    for (size_t k = 0; k < 3ul * 800 * 600; k++) rgb[k] = (uint8_t)rand();
    blur_rgb(rgb, 800, 600);
    for (uint32_t x = 1; x < 800; x++) assert_in_range(rgb[3 * x] - rgb[3 * (x - 1)] + 2, 0, 4);
    free(rgb);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_colour), cmocka_unit_test(details),
                                       cmocka_unit_test(cannot_be_undone), cmocka_unit_test(few_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
