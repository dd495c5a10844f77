/* SPDX-License-Identifier: Apache-2.0
 * Rounding to int8 against a reference in double that compares distances and calls no rounding function. */
#include "support/test.h"
#include "convert/compute/quantize.h"

#include <float.h>
#include <math.h>
#include <ocelli.h>
#include <stdlib.h>
#include <string.h>

/* ---- the reference ---- */

static double largest_of(const float *w, size_t columns) {
    double largest = 0;
    for (size_t i = 0; i < columns; i++) largest = fabs((double)w[i]) > largest ? fabs((double)w[i]) : largest;
    return largest;
}

/* The scale that is stored is a float: the double quotient rounded once more is the float quotient. */
static float scale_of(const float *w, size_t columns) {
    float scale = (float)(largest_of(w, columns) / 127);
    return scale < FLT_MIN ? 0 : scale;
}

/* Of all integers that a weight may become, the nearest; of two as near, the even one. */
static int nearest(double x) {
    int best = -127;
    for (int n = -126; n <= 127; n++) {
        double further = fabs(x - n) - fabs(x - best);
        if (further < 0 || (further == 0 && n % 2 == 0)) best = n;
    }
    return best;
}

static void check(const float *values, uint32_t rows, uint32_t columns) {
    size_t count = (size_t)rows * columns;
    int8_t *rounded = malloc(count);
    float *scales = malloc(rows * sizeof *scales);
    assert_true(rounded && scales);
    memset(rounded, 99, count);
    quantize_rows(values, rows, columns, rounded, scales);
    for (uint32_t r = 0; r < rows; r++) {
        assert_true(scales[r] == scale_of(values + (size_t)r * columns, columns));
        for (size_t i = (size_t)r * columns; i < (size_t)(r + 1) * columns; i++) {
            /* a quotient of floats is a float: in double first and then rounded it is the same one */
            int expected = scales[r] > 0 ? nearest((float)((double)values[i] / scales[r])) : 0;
            if (rounded[i] != expected)
                fail_msg("%a by %a is %d, expected %d", values[i], scales[r], rounded[i], expected);
        }
    }
    free(rounded);
    free(scales);
}

/* ---- rows ---- */

static void shapes(void **state) {
    static const uint32_t sides[] = {1, 2, 3, 31, 32, 33, 64, 127};
    enum { SIDES = sizeof sides / sizeof *sides };
    static float values[127 * 127];
    uint32_t random = 1;
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        random = random * 1664525 + 1013904223;
        values[i] = ldexpf((float)(int32_t)random, -31 - (int)(random >> 5 & 7));
    }
    for (size_t r = 0; r < SIDES; r++)
        for (size_t c = 0; c < SIDES; c++) check(values, sides[r], sides[c]);
}

/* A scale of exactly 1/4: halves of it are ties. */
static void ties_to_even(void **state) {
    float values[255];
    int8_t rounded[255];
    float scale;
    (void)state;
    for (int i = 0; i < 254; i++) values[i] = ((float)i - 126.5f) / 4; /* -126.5 to 126.5 steps */
    values[254] = 127 / 4.0f;
    quantize_rows(values, 1, 255, rounded, &scale);
    assert_true(scale == 0.25f);
    for (int i = 0; i < 254; i++) {
        assert_int_equal(rounded[i] % 2, 0);
        assert_true(fabs(rounded[i] - ((double)i - 126.5)) == 0.5);
    }
    check(values, 1, 255);
}

/* Whatever its last bit, the largest weight is +-127 and never wraps around. */
static void largest_is_127(void **state) {
    (void)state;
    uint32_t random = 7;
    for (int i = 0; i < 100000; i++) {
        random = random * 1664525 + 1013904223;
        float largest = ldexpf(1 + (float)(random >> 9) * 0x1p-23f, (int)(random % 240) - 117);
        float values[3] = {largest, -largest, largest / 2}, scale;
        int8_t rounded[3];
        quantize_rows(values, 1, 3, rounded, &scale);
        if (rounded[0] != 127 || rounded[1] != -127) fail_msg("%a became %d and %d", largest, rounded[0], rounded[1]);
    }
    check((const float[]){FLT_MAX, -FLT_MAX, FLT_MAX / 2, 1}, 1, 4);
}

/* A row of one very large weight leaves the others 0, and its neighbours alone. */
static void rows_are_apart(void **state) {
    static const float values[] = {1, 0.5f, -0.25f, 1e30f, 1, -1, 1, 0.5f, -0.25f};
    int8_t rounded[9];
    float scales[3];
    (void)state;
    quantize_rows(values, 3, 3, rounded, scales);
    assert_memory_equal(rounded, rounded + 6, 3);
    assert_true(scales[0] == scales[2]);
    assert_memory_equal(rounded + 3, ((int8_t[]){127, 0, 0}), 3);
    check(values, 3, 3);
}

/* Zeros, and rows whose scale would be subnormal: scale 0, which loses less than 127 * FLT_MIN. */
static void small_rows(void **state) {
    static const struct {
        float largest;
        int rounded;
    } cases[] = {
        {0, 0}, {-0.0f, 0}, {1e-45f, 0}, {FLT_MIN, 0}, {126 * FLT_MIN, 0}, {127 * FLT_MIN, 127}, {128 * FLT_MIN, 127}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const float values[4] = {0, cases[i].largest, -0.0f, 0};
        int8_t rounded[4] = {9, 9, 9, 9};
        float scale = 9;
        quantize_rows(values, 1, 4, rounded, &scale);
        assert_int_equal(rounded[1], cases[i].rounded);
        assert_int_equal(rounded[0] | rounded[2] | rounded[3], 0);
        assert_true(cases[i].rounded ? scale >= FLT_MIN : scale == 0 && !signbit(scale));
        check(values, 1, 4);
    }
}

/* ---- the error that is reported ---- */

static void error_within_half_a_step(void **state) {
    enum { ROWS = 16, COLUMNS = 500 };
    static float values[ROWS * COLUMNS];
    static int8_t rounded[ROWS * COLUMNS];
    float scales[ROWS];
    struct report_error error;
    double most = 0, largest = 0, squares = 0, total = 0;
    (void)state;
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = sinf((float)i) * (float)(1 + i / COLUMNS);
    quantize_rows(values, ROWS, COLUMNS, rounded, scales);
    quantize_error(values, ROWS, COLUMNS, rounded, scales, &error);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        double step = scales[i / COLUMNS], off = fabs(step * rounded[i] - values[i]);
        assert_true(off <= step / 2 * (1 + 1e-5)); /* the quotient's own rounding */
        most = fmax(most, step / 2);
        largest = fmax(largest, off);
        squares += off * off;
        total += (double)values[i] * values[i];
    }
    assert_true(error.largest == largest && error.largest <= most * (1 + 1e-5) && error.largest > most * 0.9);
    assert_true(fabs(error.relative - sqrt(squares / total)) < 1e-12);
}

static void error_of_known_rows(void **state) {
    static const float values[] = {1.27f, 0, 0, 0};
    struct report_error error;
    (void)state;
    quantize_error((const float[]){4, -3}, 1, 2, (const int8_t[]){2, -2}, (const float[]){2}, &error);
    assert_true(error.largest == 1);
    assert_true(fabs(error.relative - 0.2) < 1e-12); /* sqrt(1 / 25) */
    quantize_error(values + 1, 1, 3, (const int8_t[]){0, 0, 0}, (const float[]){0}, &error);
    assert_true(error.largest == 0 && error.relative == 0);
}

/* ---- what is no number ---- */

static char heard[1024];
static int lines;

static void hear(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level;
    lines++;
    snprintf(heard, sizeof heard, "%s", message);
}

static void not_finite(void **state) {
    static const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    (void)state;
    ocelli_set_log(hear, NULL);
    for (size_t i = 0; i < 4; i++)
        for (size_t at = 0; at < 3; at++) {
            float values[3] = {FLT_MAX, -FLT_MAX, 1e-45f};
            char words[64];
            assert_int_equal(quantize_check("x.bin", "some.weight", values, 3), OCELLI_OK);
            assert_int_equal(lines, 0);
            values[at] = bad[i];
            assert_int_equal(quantize_check("x.bin", "some.weight", values, 3), OCELLI_ERR_FILE);
            snprintf(words, sizeof words, "x.bin: tensor some.weight is not finite at %zu:", at);
            assert_non_null(strstr(heard, words));
            assert_int_equal(lines, 1);
            assert_int_equal(quantize_check("x.bin", "some.weight", values, at), OCELLI_OK); /* behind the end */
            lines = 0;
        }
}

/* ---- with a look at the inputs ---- */

enum { ROWS = 64, COLUMNS = 192, SIDE = 8, PIXELS = 3 * SIDE * SIDE };

static float random_unit(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0f - 1;
}

/* Sum over all weights of energy * (what rounding changed)^2. */
static double noise(const float *values, const int8_t *rounded, const float *scales, const float *energies) {
    double sum = 0;
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        double off = (double)scales[i / COLUMNS] * rounded[i] - values[i];
        sum += energies[i % COLUMNS] * off * off;
    }
    return sum;
}

/* Two columns that meet inputs 40 times as large are kept better, by a scale that is hardly larger; and what is lost in
 * the mean is given back. Without such columns the scales are the plain ones. */
static void heavy_columns(void **state) {
    static float values[ROWS * COLUMNS], means[COLUMNS], energies[COLUMNS], scales[ROWS], plain_scales[ROWS],
        bias[ROWS];
    static int8_t rounded[ROWS * COLUMNS], plain[ROWS * COLUMNS];
    uint32_t seed = 3;
    struct report_error error;
    struct pool *pool;
    (void)state;
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = random_unit(&seed);
    for (int i = 0; i < COLUMNS; i++) means[i] = random_unit(&seed), energies[i] = 1;
    struct quantize_inputs inputs = {means, energies};
    assert_int_equal(thread_pool_create(&pool, 2), OCELLI_OK);
    quantize_rows(values, ROWS, COLUMNS, plain, plain_scales);
    for (int heavy = 0; heavy < 2; heavy++) {
        if (heavy) energies[7] = energies[100] = 1600;
        memset(bias, 0, sizeof bias);
        const struct quantize_weights weights = {values, ROWS, COLUMNS, NULL, NULL};
        assert_int_equal(quantize_matrix(pool, &weights, &inputs, rounded, scales, bias, &error), OCELLI_OK);
        double before = noise(values, plain, plain_scales, energies), now = noise(values, rounded, scales, energies);
        assert_true(heavy ? now < 0.2 * before : now == before);
        for (int r = 0; r < ROWS; r++) {
            double lost = bias[r];
            for (int i = 0; i < COLUMNS; i++)
                lost += ((double)scales[r] * rounded[r * COLUMNS + i] - values[r * COLUMNS + i]) * means[i];
            assert_true(fabs(lost) < 1e-6);
            assert_true(scales[r] >= plain_scales[r] && scales[r] <= 1.3f * plain_scales[r]);
        }
    }
    thread_pool_destroy(&pool);
}

/* Factors: as if the weights had them before; of any number of rows and columns. */
static void factors(void **state) {
    static float values[ROWS * COLUMNS], balanced[ROWS * COLUMNS], means[COLUMNS], energies[COLUMNS], times[COLUMNS],
        over[ROWS], scales[2][ROWS], bias[2][ROWS];
    static int8_t rounded[2][ROWS * COLUMNS];
    static const uint32_t shapes[][2] = {{1, 1}, {3, 7}, {4, 8}, {5, 9}, {33, 65}, {ROWS, COLUMNS}};
    uint32_t seed = 11;
    struct pool *pool;
    (void)state;
    for (int i = 0; i < COLUMNS; i++)
        times[i] = 1.5f + random_unit(&seed), means[i] = random_unit(&seed), energies[i] = 1;
    for (int i = 0; i < ROWS; i++) over[i] = 1.5f + random_unit(&seed);
    for (int i = 0; i < ROWS * COLUMNS; i++) values[i] = random_unit(&seed);
    energies[0] = 1600;
    assert_int_equal(thread_pool_create(&pool, 2), OCELLI_OK);
    for (size_t n = 0; n < sizeof shapes / sizeof *shapes; n++) {
        uint32_t rows = shapes[n][0], columns = shapes[n][1];
        const struct quantize_weights whole = {values, rows, columns, times, over},
                                      done = {balanced, rows, columns, NULL, NULL};
        const struct quantize_inputs inputs = {means, energies};
        struct report_error errors[2], known;
        for (uint32_t i = 0; i < rows * columns; i++) {
            balanced[i] = values[i] * times[i % columns];
            balanced[i] /= over[i / columns];
        }
        memset(bias, 0, sizeof bias);
        assert_int_equal(quantize_matrix(pool, &whole, &inputs, rounded[0], scales[0], bias[0], &errors[0]), OCELLI_OK);
        assert_int_equal(quantize_matrix(pool, &done, &inputs, rounded[1], scales[1], bias[1], &errors[1]), OCELLI_OK);
        assert_memory_equal(rounded[0], rounded[1], rows * columns);
        assert_memory_equal(scales[0], scales[1], rows * sizeof *scales[0]);
        assert_memory_equal(bias[0], bias[1], sizeof bias[0]);
        quantize_error(balanced, rows, columns, rounded[0], scales[0], &known);
        assert_true(errors[0].largest == known.largest && fabs(errors[0].relative / known.relative - 1) < 1e-9);
    }
    thread_pool_destroy(&pool);
}

/* What a kernel gives on slopes of each channel changes less than by plain rounding, though each weight may change
 * more. */
static void kernels(void **state) {
    static float values[ROWS * PIXELS], scales[ROWS], plain_scales[ROWS];
    static int8_t rounded[ROWS * PIXELS], plain[ROWS * PIXELS];
    uint32_t seed = 5;
    double now = 0, before = 0;
    struct report_error error;
    struct pool *pool;
    (void)state;
    for (int i = 0; i < ROWS * PIXELS; i++) values[i] = random_unit(&seed);
    memset(values + PIXELS, 0, PIXELS * sizeof *values); /* a row of zeros stays one */
    assert_int_equal(thread_pool_create(&pool, 2), OCELLI_OK);
    assert_int_equal(quantize_kernels(pool, values, ROWS, SIDE, rounded, scales, &error), OCELLI_OK);
    thread_pool_destroy(&pool);
    quantize_rows(values, ROWS, PIXELS, plain, plain_scales);
    for (int r = 0; r < ROWS; r++) {
        double lost[2] = {0};
        assert_true(scales[r] == plain_scales[r]);
        for (int i = 0; i < PIXELS; i++) {
            double w = values[r * PIXELS + i], pixel = 1 + 0.1 * (i % SIDE) - 0.05 * (i / SIDE % SIDE);
            int n = rounded[r * PIXELS + i];
            assert_true(n >= -127 && fabs(scales[r] * n - w) <= 1.6 * scales[r]);
            assert_true(r != 1 || n == 0);
            lost[0] += pixel * (scales[r] * n - w), lost[1] += pixel * (scales[r] * plain[r * PIXELS + i] - w);
        }
        now += lost[0] * lost[0], before += lost[1] * lost[1];
    }
    assert_true(now < 0.25 * before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(ties_to_even),
        cmocka_unit_test(largest_is_127),
        cmocka_unit_test(rows_are_apart),
        cmocka_unit_test(small_rows),
        cmocka_unit_test(error_within_half_a_step),
        cmocka_unit_test(error_of_known_rows),
        cmocka_unit_test(not_finite),
        cmocka_unit_test(heavy_columns),
        cmocka_unit_test(factors),
        cmocka_unit_test(kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
