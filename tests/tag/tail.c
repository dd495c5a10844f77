/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "tag/tail.h"

#include <math.h>

static const struct background grid = {.low = 0.1, .step = 1.0 / 4096};
static double counts[BACKGROUND_BINS];

/* 2000 crossings at bin 50, from there a generalised Pareto tail of that scale in bins. */
static void fill(double scale, double shape) {
    for (int i = 0; i < BACKGROUND_BINS; i++) {
        double x = fmax(i - 50, 0) / scale;
        double inside = 1 + shape * x;
        counts[i] = 2000 * (shape == 0 ? exp(-x) : inside > 0 ? pow(inside, -1 / shape) : 0);
    }
}

static double true_level(double scale, double shape, double count) {
    double ratio = log(2000 / count);
    return grid.low + grid.step * (50 + scale * (shape == 0 ? ratio : expm1(shape * ratio) / shape));
}

static void finds_levels(void **state) {
    (void)state;
    static const double scales[] = {2, 20}, shapes[] = {0, 0.2, -0.2}, wanted[] = {100, 20, 1, 0.1};
    for (int s = 0; s < 2; s++)
        for (int h = 0; h < 3; h++)
            for (int w = 0; w < 4; w++) {
                struct tail t;
                fill(scales[s], shapes[h]);
                assert_true(tail_fit(&t, &grid, counts, wanted[w]));
                double level = tail_level(&t, wanted[w]), right = true_level(scales[s], shapes[h], wanted[w]);
                double fault = fabs(level - right) / grid.step;
                /* 0.3 of the scale is a rate wrong by a third. Far out the shape, drawn to 0, costs a part of the way.
                 */
                double most = wanted[w] >= 20 ? 0.3 * scales[s] : 0.2 * ((right - grid.low) / grid.step - 50);
                if (fault > most) print_error("%g %g %g: %g bins\n", scales[s], shapes[h], wanted[w], fault);
                assert_true(fault <= most);
                assert_true(fabs(tail_count(&t, level) - wanted[w]) <= 1e-6 * wanted[w]);
                assert_true(tail_scale_at(&t, level) > 0);
            }
}

/* Twenty events far above, each with many rises up there: the level is as without them. */
static void events_apart(void **state) {
    (void)state;
    struct tail without, with;
    fill(10, 0);
    assert_true(tail_fit(&without, &grid, counts, 20));
    for (int i = 0; i < 400; i++) counts[i] += 20;
    for (int i = 300; i < 400; i++) counts[i] += 300;
    assert_true(tail_fit(&with, &grid, counts, 20));
    assert_true(fabs(tail_level(&with, 20) - tail_level(&without, 20)) < 3 * grid.step);
}

static void too_little(void **state) {
    (void)state;
    struct tail t;
    for (int i = 0; i < BACKGROUND_BINS; i++) counts[i] = 0;
    assert_false(tail_fit(&t, &grid, counts, 1));
    for (int i = 0; i < 100; i++) counts[i] = 31;
    assert_false(tail_fit(&t, &grid, counts, 1));
    for (int i = 0; i < BACKGROUND_BINS; i++) counts[i] = 1000; /* no end to be seen */
    assert_true(tail_fit(&t, &grid, counts, 1));
    assert_true(isfinite(tail_level(&t, 1)));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_levels), cmocka_unit_test(events_apart),
                                       cmocka_unit_test(too_little)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
