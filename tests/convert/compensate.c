/* SPDX-License-Identifier: Apache-2.0
 * Weights that make up for each other's rounding. */
#include "support/test.h"
#include "convert/compute/product.h"
#include "convert/compute/quantize.h"

#include <math.h>
#include <ocelli.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 37, COLUMNS = 70, ROWS = 35 };

static float rows[INPUTS * COLUMNS], values[ROWS * COLUMNS], factors[COLUMNS], means[COLUMNS], energies[COLUMNS];

static float random_unit(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0f - 1;
}

/* Inputs of few directions, as real ones are, a little noise, and a column that stands out. */
static void fill(uint32_t inputs, uint32_t columns) {
    uint32_t state = 5;
    enum { DIRECTIONS = 6 };
    static float directions[DIRECTIONS][COLUMNS];
    for (int d = 0; d < DIRECTIONS; d++)
        for (uint32_t i = 0; i < columns; i++) directions[d][i] = random_unit(&state) * (i == 2 ? 40 : 1);
    for (uint32_t r = 0; r < inputs; r++) {
        float *row = rows + r * columns;
        for (uint32_t i = 0; i < columns; i++) row[i] = 0.02f * random_unit(&state) + 0.3f;
        for (int d = 0; d < DIRECTIONS; d++) {
            float much = random_unit(&state);
            for (uint32_t i = 0; i < columns; i++) row[i] += much * directions[d][i];
        }
    }
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) values[i] = random_unit(&state);
    for (uint32_t i = 0; i < columns; i++) factors[i] = 1 + (float)(i % 3);
}

static struct compensate make(struct pool *pool, struct arena *arena, const struct calibrate_sample *sample) {
    struct compensate made;
    calibrate_inputs(sample, factors, true, means, energies);
    const struct compensate_inputs inputs = {sample, factors, means, energies};
    assert_int_equal(compensate_init(pool, arena, &inputs, 1, &made), OCELLI_OK);
    return made;
}

/* (sum of x_l x_l^T for l >= j, + damping) gain_j = x_j, by sums in double. */
static void check_gains(const struct compensate *c, double damping, uint32_t inputs) {
    static double sums[INPUTS + 8][INPUTS + 8];
    uint32_t n = c->count;
    memset(sums, 0, sizeof sums);
    for (uint32_t i = 0; i < n; i++) sums[i][i] = damping;
    for (uint32_t at = c->columns; at-- > 0;) {
        const float *x = c->inputs + (size_t)at * n, *gain = c->gains + (size_t)at * n;
        double largest = 0;
        for (uint32_t i = 0; i < n; i++) largest = fmax(largest, fabs(x[i]));
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t k = 0; k < n; k++) sums[i][k] += (double)x[i] * x[k];
        for (uint32_t i = 0; i < n; i++) {
            double got = 0;
            for (uint32_t k = 0; k < n; k++) got += sums[i][k] * gain[k];
            assert_true(fabs(got - x[i]) < 1e-4 * (largest + 1e-6));
            assert_true(i < inputs || (x[i] == 0 && gain[i] == 0));
        }
    }
}

static void gains(void **state) {
    static const uint32_t shapes[][2] = {{1, 1}, {3, 7}, {4, 8}, {5, 9}, {INPUTS, COLUMNS}};
    struct pool *pool;
    (void)state;
    assert_int_equal(thread_pool_create(&pool, 2), OCELLI_OK);
    for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++) {
        struct arena arena = {0};
        fill(shapes[n][0], shapes[n][1]);
        struct calibrate_sample sample = {rows, shapes[n][1], shapes[n][0], shapes[n][0]};
        struct compensate c = make(pool, &arena, &sample);
        float middle = energies[c.order[c.columns / 2]];
        for (uint32_t i = 1; i < c.columns; i++) assert_true(energies[c.order[i]] <= energies[c.order[i - 1]]);
        check_gains(&c, middle > 0 ? 0.01 * middle * shapes[n][0] : 1, shapes[n][0]);
        arena_finish(&arena);
    }
    thread_pool_destroy(&pool);
}

/* Sum over all inputs and rows of (what rounding changed in the result)^2. */
static double noise(const int8_t *rounded, const float *scales) {
    double sum = 0;
    for (int s = 0; s < INPUTS; s++)
        for (int r = 0; r < ROWS; r++) {
            double off = 0;
            for (int i = 0; i < COLUMNS; i++)
                off += ((double)values[r * COLUMNS + i] * factors[i] - (double)scales[r] * rounded[r * COLUMNS + i]) *
                       (rows[s * COLUMNS + i] / factors[i] - means[i]);
            sum += off * off;
        }
    return sum;
}

/* The results change far less, though each weight is rounded by the same scale; a row of zeros stays one. */
static void results(void **state) {
    static int8_t rounded[2][ROWS * COLUMNS];
    static float scales[2][ROWS], bias[ROWS];
    struct arena arena = {0};
    struct calibrate_sample sample = {rows, COLUMNS, INPUTS, INPUTS};
    struct report_error error;
    struct pool *pool;
    (void)state;
    assert_int_equal(thread_pool_create(&pool, 2), OCELLI_OK);
    fill(INPUTS, COLUMNS);
    memset(values + COLUMNS, 0, COLUMNS * sizeof *values);
    struct compensate c = make(pool, &arena, &sample);
    const struct quantize_weights weights = {values, ROWS, COLUMNS, factors, NULL};
    for (int k = 0; k < 2; k++) {
        const struct quantize_inputs inputs = {means, energies, k ? &c : NULL};
        assert_int_equal(quantize_matrix(pool, &weights, &inputs, rounded[k], scales[k], bias, &error), OCELLI_OK);
    }
    assert_memory_equal(scales[0], scales[1], sizeof scales[0]);
    assert_true(noise(rounded[1], scales[1]) < 0.1 * noise(rounded[0], scales[0]));
    for (int i = 0; i < COLUMNS; i++) assert_int_equal(rounded[1][COLUMNS + i], 0);
    for (int i = 0; i < ROWS * COLUMNS; i++) assert_true(rounded[1][i] >= -127);
    arena_finish(&arena);
    thread_pool_destroy(&pool);
}

/* Both kernels say the same. */
static void kernels(void **state) {
    const struct product_kernel *const all[] = {&product_plain, product_kernel()};
    enum { COUNT = 12 };
    (void)state;
    for (size_t n = 0; n < 2; n++) {
        static float errors[COUNT * PRODUCT_COLUMNS_MOST];
        float inputs[COUNT], gains[COUNT], offs[PRODUCT_COLUMNS_MOST], sums[PRODUCT_COLUMNS_MOST];
        uint32_t state_ = 9;
        for (int i = 0; i < COUNT; i++) inputs[i] = random_unit(&state_), gains[i] = random_unit(&state_);
        for (int i = 0; i < PRODUCT_COLUMNS_MOST; i++) offs[i] = random_unit(&state_);
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) errors[i] = 1;
        all[n]->follow(errors, COUNT, inputs, offs, gains, sums);
        for (uint32_t c = 0; c < all[n]->columns; c++) {
            double sum = 0;
            for (int s = 0; s < COUNT; s++) {
                double e = 1 + (double)inputs[s] * offs[c];
                assert_true(fabs(errors[s * (int)all[n]->columns + (int)c] - e) < 1e-6);
                sum += gains[s] * e;
            }
            assert_true(fabs(sums[c] - sum) < 1e-5);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gains), cmocka_unit_test(results), cmocka_unit_test(kernels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
