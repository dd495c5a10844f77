/* SPDX-License-Identifier: Apache-2.0
 * The strategy finds the top of a known hill, and equal seeds go the same way. */
#include "ocelli/draw/strategy.h"
#include "support/test.h"

#include <math.h>
#include <string.h>

enum { COUNT = 20, PAIRS = 16, STEPS = 400 };

static float height(const float *at) { /* 0 at the top, which is (0, 1/COUNT, ...) */
    float sum = 0;
    for (int i = 0; i < COUNT; i++) sum -= (1 + (float)i) * powf(at[i] - (float)i / COUNT, 2);
    return sum;
}

static void climb(float *mean) {
    struct strategy s;
    static float candidates[2 * PAIRS * COUNT], scores[2 * PAIRS];
    assert_int_equal(strategy_init(&s, COUNT, PAIRS, 0.1F, 3), 0);
    for (int step = 0; step < STEPS; step++) {
        strategy_ask(&s, candidates);
        for (int i = 0; i < 2 * PAIRS; i++) scores[i] = height(candidates + i * COUNT);
        if (step % 10 == 0) scores[step % (2 * PAIRS)] = NAN;
        strategy_tell(&s, scores);
    }
    memcpy(mean, s.mean, COUNT * sizeof *mean);
    strategy_finish(&s);
}

static void finds_the_top(void **state) {
    (void)state;
    float start[COUNT] = {0}, first[COUNT], again[COUNT];
    climb(first);
    climb(again);
    assert_true(height(first) > height(start) / 50);
    assert_memory_equal(first, again, sizeof first);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_top)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
