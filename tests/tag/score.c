/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "tag/score.h"

#include <float.h>
#include <math.h>

static void assert_near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) print_error("%.9g, not %.9g\n", got, want);
    assert_true(fabs(got - want) <= tolerance);
}

static void cosine(void **state) {
    (void)state;
    static const float x[] = {1, 0, 0}, y[] = {0, 1, 0}, back[] = {-1, 0, 0}, half[] = {0.6f, 0.8f, 0};
    assert_near((double)score_cosine(x, x, 3), 1, 0);
    assert_near((double)score_cosine(x, y, 3), 0, 0);
    assert_near((double)score_cosine(x, back, 3), -1, 0);
    assert_near((double)score_cosine(x, half, 3), 0.6, 1e-7);
    assert_near((double)score_cosine(x, x, 0), 0, 0);
}

/* Rounding makes unit vectors a little longer than 1; the cosine must not be. */
static void cosine_stays_within_one(void **state) {
    (void)state;
    static const float over[] = {1.0000001f, 0}, under[] = {-1.0000001f, 0}, nan[] = {NAN, 0};
    assert_true(score_cosine(over, over, 2) == 1.0f);
    assert_true(score_cosine(over, under, 2) == -1.0f);
    assert_true(isnan(score_cosine(over, nan, 2)));
}

/* Python: e = [math.exp(x - 25) for x in (25, 20, 10)]; [x / sum(e) for x in e] */
static void softmax(void **state) {
    (void)state;
    static const float cosines[] = {0.25f, 0.20f, 0.10f};
    static const double want[] = {0.993306847, 0.00669284889, 3.0385487e-07};
    float scores[3];
    score_softmax(cosines, 3, 100, scores);
    for (int i = 0; i < 3; i++) assert_near((double)scores[i], want[i], 1e-6 * want[i] + 1e-8);
}

static double sum(const float *values, size_t count) {
    double total = 0;
    for (size_t i = 0; i < count; i++) total += (double)values[i];
    return total;
}

static void softmax_is_safe(void **state) {
    (void)state;
    float scores[1000];
    for (int i = 0; i < 1000; i++) scores[i] = i % 2 ? 1.0f : -1.0f;
    score_softmax(scores, 1000, 1e30f, scores); /* in place; exp() of the bare logit would be infinite */
    assert_near(sum(scores, 1000), 1, 1e-6);
    assert_near((double)scores[1], 1.0 / 500, 1e-9);
    assert_near((double)scores[0], 0, 0);
    float same[] = {0.3f, 0.3f, 0.3f, 0.3f};
    score_softmax(same, 4, 100, same);
    for (int i = 0; i < 4; i++) assert_near((double)same[i], 0.25, 1e-7);
    float one[] = {-0.9f};
    score_softmax(one, 1, 100, one);
    assert_near((double)one[0], 1, 0);
    score_softmax(one, 0, 100, one);
    assert_near((double)one[0], 1, 0);
}

/* A scale of 0 knows no difference, a negative one turns the order round. */
static void softmax_of_odd_scales(void **state) {
    (void)state;
    static const float cosines[] = {0.5f, -0.5f};
    float scores[2];
    score_softmax(cosines, 2, 0, scores);
    assert_near((double)scores[0], 0.5, 0);
    score_softmax(cosines, 2, -10, scores);
    assert_true(scores[0] < scores[1]);
    static const float broken[] = {NAN, 0.5f};
    score_softmax(broken, 2, 100, scores);
    assert_true(isnan(scores[0]) && isnan(scores[1])); /* not a number that looks sound */
}

/* SigLIP base: scale 117.33, bias -12.93. Python: 1 / (1 + math.exp(-(117.33 * c - 12.93))) */
static void sigmoid(void **state) {
    (void)state;
    static const float cosines[] = {0.15f, 0.11f, 0.0f};
    static const double want[] = {0.990710154, 0.494075277, 2.4242159e-06};
    float scores[3];
    score_sigmoid(cosines, 3, 117.33f, -12.93f, scores);
    for (int i = 0; i < 3; i++) assert_near((double)scores[i], want[i], 2e-5 * want[i]);
}

static void sigmoid_is_safe(void **state) {
    (void)state;
    float scores[] = {1, -1, 0};
    score_sigmoid(scores, 3, FLT_MAX, 0, scores);
    assert_near((double)scores[0], 1, 0);
    assert_near((double)scores[1], 0, 0);
    assert_near((double)scores[2], 0.5, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cosine),          cmocka_unit_test(cosine_stays_within_one), cmocka_unit_test(softmax),
        cmocka_unit_test(softmax_is_safe), cmocka_unit_test(softmax_of_odd_scales),   cmocka_unit_test(sigmoid),
        cmocka_unit_test(sigmoid_is_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
