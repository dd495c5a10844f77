/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "tag/background.h"

#include <math.h>
#include <string.h>

static struct background b;
static double counts[BACKGROUND_BINS];

static int setup(void **state) {
    (void)state;
    memset(&b, 0, sizeof b);
    return 0;
}

static double count_at(unsigned parts, double level) {
    background_counts(&b, parts, counts);
    return counts[(int)ceil((level - b.low) / b.step)];
}

static void empty(void **state) {
    (void)state;
    background_leg(&b, BACKGROUND_DAY, 0, 1);
    background_counts(&b, 3, counts);
    assert_true(counts[0] == 0 && background_seconds(&b, 3) == 0 && background_below(&b, 3, 0.5f) == 0);
    background_forget(&b, 0.5);
}

/* Levels between the start and the end of a leg are counted, those outside not; also when the bins have
 * become coarser to both sides. */
static void legs(void **state) {
    (void)state;
    background_time(&b, BACKGROUND_DAY, 0.1f, 1);
    background_leg(&b, BACKGROUND_DAY, 0.098f, 0.106f);
    background_leg(&b, BACKGROUND_NIGHT, 0.102f, 0.110f);
    for (int round = 0; round < 2; round++) {
        assert_true(count_at(1, 0.1) == 1 && count_at(1, 0.108) == 0 && count_at(1, 0.094) == 0);
        assert_true(count_at(2, 0.1) == 0 && count_at(2, 0.108) == 1 && count_at(2, 0.112) == 0);
        assert_true(count_at(3, 0.104) == 2);
        background_time(&b, BACKGROUND_DAY, 0.25f, 1);
        background_time(&b, BACKGROUND_DAY, -0.05f, 1);
        for (int i = 0; i < 10; i++)
            background_time(&b, BACKGROUND_DAY, 0.25f, 1), background_time(&b, BACKGROUND_DAY, -0.05f, 1);
    }
    assert_true(b.low < -0.05 && b.low + BACKGROUND_BINS * b.step > 0.25);
}

static void distribution(void **state) {
    (void)state;
    for (int i = 0; i < 100000; i++) { /* uniform in 0.1..0.2; a quarter of it by night */
        float margin = 0.1f + 0.1f * (float)((i * 7919) % 100000) / 100000;
        background_time(&b, i % 4 ? BACKGROUND_DAY : BACKGROUND_NIGHT, margin, 0.5);
    }
    assert_true(fabs(background_seconds(&b, 3) - 50000) < 1e-6 && fabs(background_seconds(&b, 2) - 12500) < 1e-6);
    assert_true(fabs(background_below(&b, 3, 0.15f) - 0.5) < 0.005);
    assert_true(fabs(background_below(&b, 1, 0.19f) - 0.9) < 0.005);
    assert_true(background_below(&b, 3, 0.09f) == 0 && background_below(&b, 3, 0.3f) == 1);
    assert_true(fabs(background_spread(&b, 3) - 0.05 / 1.349) < 0.0005);
    background_forget(&b, 0.5);
    assert_true(fabs(background_seconds(&b, 3) - 25000) < 1e-6);
    assert_true(fabs(background_below(&b, 3, 0.15f) - 0.5) < 0.005);
}

/* Margins at the ends of what there can be, and one odd frame among many. */
static void extremes(void **state) {
    (void)state;
    for (int i = 0; i < 100; i++) background_time(&b, BACKGROUND_DAY, i % 2 ? 2.0f : -2.0f, 1);
    background_leg(&b, BACKGROUND_DAY, -2, 2);
    assert_true(count_at(1, 0) == 1 && count_at(1, 1.9) == 1);
    setup(NULL);
    for (int i = 0; i < 100000; i++) background_time(&b, BACKGROUND_DAY, i == 50000 ? 1.5f : 0.1f, 1);
    assert_true(b.step * BACKGROUND_BINS < 0.1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(empty, setup), cmocka_unit_test_setup(legs, setup),
                                       cmocka_unit_test_setup(distribution, setup),
                                       cmocka_unit_test_setup(extremes, setup)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
