/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "tag/smooth.h"

#include <math.h>

static void assert_near(float got, double want) {
    assert_true(fabs((double)got - want) < 1e-5);
}

/* A step from 0 to 1 is at 1 - 1/e after the time constant, whatever the frame rate. */
static void by_time(void **state) {
    (void)state;
    for (int64_t frame_ms = 10; frame_ms <= 2000; frame_ms *= 2) {
        struct smooth s = {0};
        float value = smooth_step(&s, 0, 0, 2000);
        for (int64_t t = frame_ms; t <= 40 * frame_ms; t += frame_ms) value = smooth_step(&s, 1, t, 2000);
        assert_near(value, 1 - exp(-40 * (double)frame_ms / 2000));
    }
}

static void starts_and_pauses(void **state) {
    (void)state;
    struct smooth s = {0};
    assert_near(smooth_step(&s, 0.5f, 7, 2000), 0.5);
    assert_near(smooth_step(&s, 0.9f, 7, 2000), 0.5); /* no time has passed */
    assert_true(smooth_step(&s, 0.9f, 7 + SMOOTH_PAUSE_MS, 2000000) < 0.6f);
    assert_near(smooth_step(&s, -0.9f, 8 + 2 * SMOOTH_PAUSE_MS, 2000000), -0.9); /* a pause */
    assert_near(smooth_step(&s, 0.3f, 0, 2000000), 0.3);                         /* the clock went back */
}

static void none(void **state) {
    (void)state;
    struct smooth s = {0};
    smooth_step(&s, 1, 0, 0);
    assert_near(smooth_step(&s, 0.25f, 33, 0), 0.25);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_time), cmocka_unit_test(starts_and_pauses),
                                       cmocka_unit_test(none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
