/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/motion.h"
#include "support/test.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 321, HEIGHT = 183 };
static uint8_t bytes[4 * WIDTH * HEIGHT];

static struct frame grey(uint8_t value) {
    struct frame f = {.format = FRAME_GREY, .width = WIDTH, .height = HEIGHT, .full_range = true};
    memset(bytes, value, sizeof bytes);
    frame_lay(&f, bytes);
    return f;
}

/* A sensor's noise, of +-12 around the value. */
static void add_noise(uint32_t seed) {
    for (size_t i = 0; i < WIDTH * HEIGHT; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(bytes[i] + (int)(seed >> 24) % 25 - 12);
    }
}

static void test_still(void **state) {
    (void)state;
    struct motion m = {0};
    struct frame f = grey(100);
    assert_true(motion_step(&m, &f) >= 100); /* nothing was looked at yet */
    motion_keep(&m);
    assert_true(motion_step(&m, &f) <= 0);
    for (uint32_t i = 0; i < 50; i++) {
        f = grey(100);
        add_noise(i);
        assert_true(motion_step(&m, &f) < 0.2);
    }
}

/* Something of a tenth of the width and height moves in: about one percent. */
static void test_moved(void **state) {
    (void)state;
    struct motion m = {0};
    struct frame f = grey(100);
    motion_step(&m, &f);
    motion_keep(&m);
    for (int y = 60; y < 78; y++) memset(bytes + y * WIDTH + 100, 200, 32);
    double moved = motion_step(&m, &f);
    assert_true(moved > 0.6 && moved < 2);
    assert_true(fabs(motion_step(&m, &f) - moved) < 1e-9); /* still, as against what was looked at */
    motion_keep(&m);
    assert_true(motion_step(&m, &f) <= 0);
}

/* What changes too slowly to differ from the frame before differs from the last one looked at. */
static void test_slow(void **state) {
    (void)state;
    struct motion m = {0};
    struct frame f = grey(50);
    motion_step(&m, &f);
    motion_keep(&m);
    int steps = 0;
    for (; steps < 40; steps++) {
        f = grey((uint8_t)(50 + steps));
        if (motion_step(&m, &f) > 50) break;
    }
    assert_true(steps > 5 && steps < 20);
}

static void test_luma(void **state) {
    (void)state;
    struct motion m = {0};
    struct frame f = grey(51);
    motion_step(&m, &f);
    assert_true(fabsf(m.luma - 0.2f) < 1e-3f);
    f.full_range = false; /* 16 is black, 235 white */
    memset(bytes, 235, sizeof bytes);
    motion_step(&m, &f);
    assert_true(fabsf(m.luma - 1) < 1e-3f);
    static const enum frame_format formats[] = {FRAME_RGB, FRAME_BGR, FRAME_NV12, FRAME_YUV420, FRAME_YUYV};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct frame g = {.format = formats[i], .width = WIDTH, .height = HEIGHT, .full_range = true};
        memset(bytes, 102, sizeof bytes);
        frame_lay(&g, bytes);
        motion_step(&m, &g);
        assert_true(fabsf(m.luma - 0.4f) < 1e-3f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_still), cmocka_unit_test(test_moved),
                                       cmocka_unit_test(test_slow), cmocka_unit_test(test_luma)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
