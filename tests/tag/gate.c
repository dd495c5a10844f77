/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "tag/gate.h"

#include <math.h>

static const struct gate_rules rules = {0.2f, 0.1f, 2000, 3000};

static void two_thresholds(void **state) {
    (void)state;
    struct gate g = {0};
    assert_int_equal(gate_ask(&g, &rules, 0.19f, 0), GATE_STAY);
    assert_int_equal(gate_ask(&g, &rules, 0.2f, 0), GATE_TURN_ON);
    gate_turn(&g, true, 0);
    assert_int_equal(gate_ask(&g, &rules, 0.1f, 9000), GATE_STAY);
    assert_int_equal(gate_ask(&g, &rules, 0.09f, 9000), GATE_TURN_OFF);
}

static void minimum_times(void **state) {
    (void)state;
    struct gate g = {0};
    gate_turn(&g, true, 1000);
    assert_int_equal(gate_ask(&g, &rules, -1, 2999), GATE_STAY);
    assert_int_equal(gate_ask(&g, &rules, -1, 3000), GATE_TURN_OFF);
    gate_turn(&g, false, 3000);
    assert_int_equal(gate_ask(&g, &rules, 1, 5999), GATE_STAY);
    assert_int_equal(gate_ask(&g, &rules, 1, 6000), GATE_TURN_ON);
    assert_int_equal(gate_ask(&g, &rules, 1, 2000), GATE_TURN_ON); /* the clock went back */
}

static void without_threshold(void **state) {
    (void)state;
    const struct gate_rules none = {NAN, NAN, 0, 0};
    struct gate g = {0};
    assert_int_equal(gate_ask(&g, &none, 1, 0), GATE_STAY);
    gate_turn(&g, true, 0);
    assert_int_equal(gate_ask(&g, &none, 1, 0), GATE_TURN_OFF);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_thresholds), cmocka_unit_test(minimum_times),
                                       cmocka_unit_test(without_threshold)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
