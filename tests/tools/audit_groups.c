/* SPDX-License-Identifier: Apache-2.0
 * Rates and differences of groups as Fairlearn and scikit-learn compute them (tests/golden/fairness.py), also where a
 * group has no pictures to divide by; their intervals. */
#include "ocelli/audit/audit_groups.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 300 };

static void read_row(FILE *f, size_t *out, size_t count) {
    char text[MOST + 1];
    assert_int_equal(fscanf(f, "%300s", text), 1);
    assert_int_equal(strlen(text), count);
    for (size_t i = 0; i < count; i++) out[i] = (size_t)(text[i] - '0');
}

static void check_case(FILE *f, size_t count, size_t groups) {
    size_t group[MOST], rows[2][MOST];
    bool label[MOST], selected[MOST];
    struct audit_fairness fairness;
    double want[3];
    read_row(f, group, count), read_row(f, rows[0], count), read_row(f, rows[1], count);
    for (size_t i = 0; i < count; i++) label[i] = rows[0][i], selected[i] = rows[1][i];
    assert_int_equal(audit_groups_measure(&fairness, selected, label, group, count, groups), 0);
    for (size_t g = 0; g < groups; g++) {
        const struct audit_rates *r = &fairness.rates[g];
        for (int k = 0; k < 3; k++) assert_int_equal(fscanf(f, "%lf", &want[k]), 1);
        assert_true(fabs(audit_selection_rate(r) - want[0]) < 1e-12);
        assert_true(fabs(audit_false_positive_rate(r) - want[1]) < 1e-12);
        assert_true(fabs(audit_false_negative_rate(r) - want[2]) < 1e-12);
    }
    for (int k = 0; k < 2; k++) assert_int_equal(fscanf(f, "%lf", &want[k]), 1);
    assert_true(fabs(fairness.parity.value - want[0]) < 1e-12);
    assert_true(fabs(fairness.odds.value - want[1]) < 1e-12);
    const struct audit_gap *gaps[] = {&fairness.parity, &fairness.odds};
    for (int k = 0; k < 2; k++) {
        assert_true(gaps[k]->low >= 0 && gaps[k]->low < gaps[k]->value && gaps[k]->high > gaps[k]->value);
        assert_true(gaps[k]->chance > 0 && gaps[k]->chance < 1);
    }
    audit_groups_finish(&fairness);
}

static void golden(void **state) {
    (void)state;
    char path[4096];
    size_t count, groups, cases = 0;
    snprintf(path, sizeof path, "%s/tests/golden/evaluation/fairness.txt", getenv("OCELLI_SOURCE"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (; fscanf(f, " case %zu %zu", &count, &groups) == 2; cases++) check_case(f, count, groups);
    assert_int_equal(cases, 4);
    fclose(f);
}

/* Of two groups of 200, one selected twice as often: no chance. Equal ones: chance. */
static void chance(void **state) {
    (void)state;
    enum { COUNT = 400 };
    static bool selected[COUNT];
    static size_t group[COUNT];
    struct audit_fairness f;
    for (size_t i = 0; i < COUNT; i++) group[i] = i / 200, selected[i] = i % 10 < (i / 200 ? 6 : 3);
    assert_int_equal(audit_groups_measure(&f, selected, NULL, group, COUNT, 2), 0);
    assert_true(fabs(f.parity.value - 0.3) < 1e-12 && f.parity.chance < 0.15 && f.parity.low > 0.15);
    /* standard error of the difference of 0.3 and 0.6, of 200 each: 0.0474 */
    assert_true(fabs(f.parity.high - f.parity.low - 2 * 1.96 * 0.0474) < 0.02);
    assert_true(isnan(f.odds.value) && isnan(f.odds.low));
    audit_groups_finish(&f);
    for (size_t i = 0; i < COUNT; i++) selected[i] = i % 10 < 3;
    assert_int_equal(audit_groups_measure(&f, selected, NULL, group, COUNT, 2), 0);
    assert_true(f.parity.value < f.parity.chance);
    audit_groups_finish(&f);
}

static void nothing_to_divide_by(void **state) {
    (void)state;
    const bool selected[] = {true, false, true, false, true}, label[] = {true, false, true, true, false};
    const size_t group[] = {0, 0, 1, 1, 2}; /* group 1 has no negative, group 2 one picture and no positive */
    struct audit_fairness f;
    assert_int_equal(audit_groups_measure(&f, selected, label, group, 5, 4), 0); /* of group 3 there is none */
    assert_true(fabs(audit_false_positive_rate(&f.rates[1])) < 1e-12);
    assert_true(fabs(audit_false_negative_rate(&f.rates[2])) < 1e-12);
    assert_true(isnan(audit_false_positive_rate(&f.rates[3])) && isnan(audit_selection_rate(&f.rates[3])));
    assert_true(fabs(f.parity.value - 0.5) < 1e-12); /* of 0.5, 0.5 and 1: group 3 is left out */
    assert_true(fabs(f.odds.value - 1) < 1e-12);     /* false positives: 0 of group 0, all of group 2 */
    audit_groups_finish(&f);
    assert_int_equal(audit_groups_measure(&f, selected, label, group, 2, 1), 0); /* one group: no difference */
    assert_true(isnan(f.parity.value) && isnan(f.parity.chance));
    audit_groups_finish(&f);
}

static void mean(void **state) {
    (void)state;
    static double values[100];
    struct audit_mean m;
    for (size_t i = 0; i < 100; i++) values[i] = i % 2 ? 0.3 : 0.1;
    values[7] = -0.9;
    assert_int_equal(audit_mean(&m, values, 100), 0);
    assert_true(fabs(m.value - 0.188) < 1e-9 && fabs(m.largest + 0.9) < 1e-12);
    assert_true(m.low > 0.14 && m.low < m.value && m.high > m.value && m.high < 0.23);
    double one = 0.5;
    assert_int_equal(audit_mean(&m, &one, 1), 0);
    assert_true(m.low >= 0.5 && m.high <= 0.5);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden), cmocka_unit_test(chance),
                                       cmocka_unit_test(nothing_to_divide_by), cmocka_unit_test(mean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
