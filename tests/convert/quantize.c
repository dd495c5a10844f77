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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
