/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/pack.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 4096 };

static float noise(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)((double)(*state >> 11) / (double)(1ull << 52) - 1);
}

static void unit(float *v, size_t n, uint64_t *state) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        v[i] = noise(state) * noise(state);
        sum += (double)v[i] * (double)v[i];
    }
    for (size_t i = 0; i < n; i++) v[i] = (float)((double)v[i] / sqrt(sum));
}

/* Against a plain double computation: a thousandth, at every size. */
static void test_cosine(void **state) {
    (void)state;
    static float picture[MOST], text[MOST];
    static int8_t p[MOST];
    static int16_t t[MOST];
    static const size_t sizes[] = {1, 2, 7, 8, 9, 127, 128, 129, 511, 512, 513, 768, 1024, MOST};
    uint64_t seed = 1;
    double worst = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int again = 0; again < 200; again++) {
            double exact = 0;
            unit(picture, sizes[i], &seed);
            unit(text, sizes[i], &seed);
            for (size_t k = 0; k < sizes[i]; k++) exact += (double)picture[k] * (double)text[k];
            double scale = (double)pack_picture(picture, sizes[i], p) * (double)pack_text(text, sizes[i], t);
            double error = fabs(scale * pack_dot(p, t, sizes[i]) - exact);
            worst = sizes[i] >= 128 ? fmax(worst, error) : worst;
            assert_true(error < 5e-3); /* a few numbers alone: the step itself */
        }
    print_message("worst error of a cosine from 128 numbers on: %.6f\n", worst);
    assert_true(worst < 2e-3);
}

/* The largest sum that can be, at the largest size. */
static void test_most(void **state) {
    (void)state;
    static int8_t p[PACK_MOST];
    static int16_t t[PACK_MOST];
    for (int i = 0; i < PACK_MOST; i++) p[i] = -127, t[i] = -2047;
    assert_int_equal(pack_dot(p, t, PACK_MOST), 127 * 2047 * PACK_MOST);
}

static void test_no_vector(void **state) {
    (void)state;
    int8_t p[3];
    int16_t t[3];
    const float zero[3] = {0}, nan[3] = {1, (float)NAN, 0}, infinite[3] = {1, 0, (float)INFINITY}, one[3] = {0, -1, 0};
    assert_true(pack_picture(zero, 3, p) <= 0 && pack_picture(nan, 3, p) <= 0 && pack_picture(infinite, 3, p) <= 0);
    assert_true(pack_text(nan, 3, t) <= 0);
    assert_true(pack_picture(one, 3, p) > 0);
    assert_int_equal(p[1], -127);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cosine), cmocka_unit_test(test_most),
                                       cmocka_unit_test(test_no_vector)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
