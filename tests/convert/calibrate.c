/* SPDX-License-Identifier: Apache-2.0
 * Which channels are balanced, and which products keep float inputs. */
#include "support/test.h"
#include "convert/compute/calibrate.h"

#include <math.h>
#include <ocelli.h>
#include <stdlib.h>

enum { ROWS = 40, COLUMNS = 96, OUTPUTS = 32 };

static float rows[ROWS * COLUMNS], values[OUTPUTS * COLUMNS], factors[COLUMNS], ranges[2 * COLUMNS];

/* Even numbers in [-1, 1), those of `loud` so many times as large, where the weights are as much smaller. */
static void fill(uint32_t loud, float times) {
    uint32_t state = 7;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        state = state * 1664525u + 1013904223u;
        rows[i] = ((float)(state >> 8) / 8388608.0f - 1) * (i % COLUMNS == loud ? times : 1);
    }
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = ((float)(state >> 8) / 8388608.0f - 1) / (i % COLUMNS == loud ? times : 1);
    }
}

static struct calibrate_choice choose(enum calibrate_may may) {
    struct calibrate_sample sample = {rows, COLUMNS, ROWS, ROWS};
    struct calibrate_weights weights = {values, OUTPUTS, COLUMNS, true};
    struct calibrate_choice choice;
    struct pool *pool;
    assert_int_equal(thread_pool_create(&pool, 2), OCELLI_OK);
    assert_int_equal(calibrate_choose(pool, &sample, &weights, may, factors, ranges, &choice), OCELLI_OK);
    thread_pool_destroy(&pool);
    return choice;
}

static void test_even(void **state) {
    (void)state;
    fill(COLUMNS, 1);
    struct calibrate_choice c = choose(CALIBRATE_BALANCE);
    assert_string_equal(c.how, "none");
    for (int i = 0; i < COLUMNS; i++) assert_true(factors[i] == 1);
    assert_false(c.float_inputs);
}

static void test_outlier(void **state) {
    (void)state;
    fill(5, 60);
    struct calibrate_choice c = choose(CALIBRATE_BALANCE);
    assert_string_not_equal(c.how, "none");
    assert_true(c.noise_before > 20 * c.noise_after);
    assert_true(c.spread_before > 40 && c.spread_after < 5);
    assert_true(factors[5] > 10 * factors[6]);
    assert_false(c.float_inputs);
    assert_true(fabsf(ranges[5] / factors[5] - ranges[COLUMNS + 5]) < 1e-3f * ranges[COLUMNS + 5]);
}

/* What cannot be balanced away stays in floats, with the weights as they are. */
static void test_floats(void **state) {
    (void)state;
    fill(5, 60);
    struct calibrate_choice c = choose(CALIBRATE_LEAVE);
    assert_string_equal(c.how, "none");
    assert_true(c.noise_after > calibrate_most_noise && c.float_inputs);
    for (int i = 0; i < COLUMNS; i++) assert_true(factors[i] == 1);
}

/* Where floats cost nothing outliers are enough. The weights stay. */
static void test_asked_for(void **state) {
    (void)state;
    for (int outliers = 0; outliers < 2; outliers++) {
        fill(outliers ? 5 : COLUMNS, 60);
        struct calibrate_choice c = choose(CALIBRATE_SPARE);
        assert_true(c.outliers == outliers && c.float_inputs == outliers && !c.balanced);
        for (int k = 0; k < COLUMNS; k++) assert_true(factors[k] == 1);
    }
}

/* A choice that is made again, with floats, is what it had been where nothing can be balanced. */
static void test_keep_floats(void **state) {
    (void)state;
    fill(5, 60);
    struct calibrate_choice balanced = choose(CALIBRATE_BALANCE), left = choose(CALIBRATE_LEAVE);
    assert_true(balanced.balanced && !balanced.float_inputs && !left.balanced && left.float_inputs);
    calibrate_keep_floats(&balanced);
    assert_string_equal(balanced.how, left.how);
    assert_true(balanced.float_inputs && !balanced.balanced && balanced.largest_factor == left.largest_factor);
    assert_true(balanced.spread_after == left.spread_after && balanced.noise_after == left.noise_after);
    assert_true(balanced.weights_after == left.weights_after && balanced.outliers == left.outliers);
}

/* Against sums in double. */
static void test_inputs(void **state) {
    static float means[COLUMNS], energies[COLUMNS];
    (void)state;
    fill(5, 60);
    for (int i = 0; i < COLUMNS; i++) factors[i] = 1 + (float)(i % 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) rows[i] += 3;
    struct calibrate_sample sample = {rows, COLUMNS, ROWS, ROWS};
    for (int bias = 0; bias < 2; bias++) {
        calibrate_inputs(&sample, factors, bias, means, energies);
        for (int i = 0; i < COLUMNS; i++) {
            double mean = 0, square = 0;
            for (int r = 0; r < ROWS; r++) mean += (double)rows[r * COLUMNS + i] / ROWS;
            for (int r = 0; r < ROWS; r++) square += pow(rows[r * COLUMNS + i] - (bias ? mean : 0), 2) / ROWS;
            assert_true(fabs(means[i] - (bias ? mean : 0) / factors[i]) < 1e-5 * (1 + fabs(mean)));
            assert_true(fabs(energies[i] - square / (factors[i] * factors[i])) < 1e-4 * (1 + square));
        }
    }
}

/* The product of divided inputs and multiplied weights is the same. */
static void test_same_results(void **state) {
    static float divided[COLUMNS];
    (void)state;
    fill(5, 60);
    double before = 0, after = 0;
    for (int i = 0; i < COLUMNS; i++) before += (double)rows[i] * values[i];
    choose(CALIBRATE_BALANCE);
    calibrate_divide(rows, COLUMNS, factors, divided);
    for (int i = 0; i < COLUMNS; i++) after += (double)divided[i] * values[i] * factors[i];
    assert_true(fabs(before - after) < 1e-5);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_even),       cmocka_unit_test(test_outlier),
                                       cmocka_unit_test(test_floats),     cmocka_unit_test(test_asked_for),
                                       cmocka_unit_test(test_inputs),     cmocka_unit_test(test_same_results),
                                       cmocka_unit_test(test_keep_floats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
