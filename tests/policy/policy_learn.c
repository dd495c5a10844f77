/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "policy/policy_learn.h"

#include <math.h>

/* Of scipy.stats.beta.ppf(), 1.17. */
static void shares(void **state) {
    static const struct {
        size_t over, count;
        double low, high;
    } rows[] = {
        {0, 10, 0, 0.308497108},
        {1, 10, 0.002528579, 0.445016117},
        {10, 1000, 0.004805511, 0.018313243},
        {58, 5856, 0.007529153, 0.012785110},
        {38, 40, 0.830803136, 0.993886353},
        {40, 40, 0.911902697, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy_interval share = policy_learn_share(rows[i].over, rows[i].count);
        assert_true(fabs(share.low - rows[i].low) < 1e-8 && fabs(share.high - rows[i].high) < 1e-8);
    }
}

static void learns(void **state) {
    double values[1000];
    struct policy_level level;
    (void)state;
    for (int i = 0; i < 1000; i++) values[(i * 7) % 1000] = i * 1e-3;
    assert_true(policy_learn(values, 1000, 0.1, &level));
    assert_true(level.count == 1000 && level.over > 90 && level.over <= 100);
    assert_true(level.others.low < 0.1 && level.others.high > 0.1 && level.others.high <= POLICY_SLACK * 0.1);
    assert_true(fabs(level.threshold - (1 - (double)level.over * 1e-3)) < 2e-6);
}

/* As many as that are needed, and one less. */
static void too_few(void **state) {
    static const double budgets[] = {0.0001, 0.001, 0.01, 0.05, 0.5};
    struct policy_level level;
    (void)state;
    assert_int_equal(policy_learn_needs(0.01), 245); /* ln 0.025 / ln 0.985 = 244.08 */
    for (size_t i = 0; i < sizeof budgets / sizeof *budgets; i++) {
        size_t needs = policy_learn_needs(budgets[i]);
        double *values = calloc(needs, sizeof *values);
        assert_non_null(values);
        for (size_t k = 0; k < needs; k++) values[k] = (double)(k % 1000) * 1e-4;
        assert_false(policy_learn(values, needs - 1, budgets[i], &level));
        assert_int_equal(level.over, 0);
        for (size_t k = 0; k < needs; k++) values[k] = (double)k * 1e-5;
        assert_true(policy_learn(values, needs, budgets[i], &level));
        assert_int_equal(level.over, 1);
        free(values);
    }
    assert_false(policy_learn(&(double){0}, 0, 0.01, &level));
}

/* More that are equal than may reach it: none of them does. */
static void equal_ones(void **state) {
    double values[500];
    struct policy_level level;
    (void)state;
    for (int i = 0; i < 500; i++) values[i] = i < 400 ? 0.01 * (i % 10) : 0.25;
    assert_true(policy_learn(values, 500, 0.1, &level));
    assert_int_equal(level.over, 0);
    assert_true(level.threshold > 0.25 && level.threshold < 0.250002 && level.others.low <= 0);
}

static uint64_t random_state;

/* splitmix64 (Steele, Lea, Flood 2014). */
static double uniform(void) {
    uint64_t z = random_state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

/* Uniform values: the share of others above the threshold is known. Of 400 thresholds the interval holds it in about
 * 95 %; no more than 2.5 % may be above POLICY_SLACK budgets, give or take. */
static void holds(void **state) {
    enum { ROUNDS = 400, COUNT = 1500 };
    static double values[COUNT];
    struct policy_level level;
    double sum = 0;
    int above = 0, outside = 0;
    (void)state;
    random_state = 1;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < COUNT; i++) values[i] = uniform();
        assert_true(policy_learn(values, COUNT, 0.01, &level));
        double share = 1 - level.threshold;
        sum += share, above += share > POLICY_SLACK * 0.01;
        outside += share < level.others.low || share > level.others.high;
    }
    assert_true(above <= 0.025 * ROUNDS + 8 && outside <= 0.05 * ROUNDS + 12);
    assert_true(sum / ROUNDS > 0.005 && sum / ROUNDS <= 0.0101);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(shares), cmocka_unit_test(learns), cmocka_unit_test(too_few),
                                       cmocka_unit_test(equal_ones), cmocka_unit_test(holds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
