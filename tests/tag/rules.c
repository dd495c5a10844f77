/* SPDX-License-Identifier: Apache-2.0
 * What a file may say is tested by tags_file.c; here the rules alone. */
#include "support/test.h"
#include "support/heard.h"
#include "tag/rules.h"

#include <math.h>
#include <ocelli.h>

static const struct ini_place at = {"x.ini", 3};

static void keys(void **state) {
    (void)state;
    assert_int_equal(rules_find("on"), RULE_ON);
    assert_int_equal(rules_find("off"), RULE_OFF);
    assert_int_equal(rules_find("false_alarms"), RULE_FALSE_ALARMS);
    assert_int_equal(rules_find("smooth"), RULE_SMOOTH);
    assert_int_equal(rules_find("min_on"), RULE_MIN_ON);
    assert_int_equal(rules_find("min_off"), RULE_MIN_OFF);
    assert_int_equal(rules_find("On"), -1);
    assert_int_equal(rules_find(""), -1);
    for (int rule = 0; rule < RULES; rule++) assert_int_equal(rules_find(rules_key((enum rule)rule)), rule);
}

static void presets(void **state) {
    (void)state;
    struct rules r = rules_none(), none = rules_none();
    rules_complete(&r, &none);
    assert_true(isnan(r.value[RULE_ON]) && isnan(r.value[RULE_OFF]));
    assert_true(r.value[RULE_FALSE_ALARMS] == 1 && r.value[RULE_SMOOTH] == 2);
    assert_true(r.value[RULE_MIN_ON] == 2 && r.value[RULE_MIN_OFF] == 2);
    assert_int_equal(rules_check(&r, "x.ini", NULL), OCELLI_OK);
}

static void ends_of_ranges(void **state) {
    (void)state;
    struct rules r = rules_none();
    listen();
    assert_int_equal(rules_take(&r, &at, RULE_ON, "2"), OCELLI_OK);
    assert_int_equal(rules_take(&r, &at, RULE_OFF, "2"), OCELLI_OK); /* equal is no wrong way round */
    assert_int_equal(rules_check(&r, "x.ini", NULL), OCELLI_OK);
    assert_int_equal(rules_take(&r, &at, RULE_MIN_ON, "86400"), OCELLI_OK);
    assert_int_equal(rules_take(&r, &at, RULE_MIN_OFF, "86400.1"), OCELLI_ERR_FILE);
    assert_int_equal(rules_take(&r, &at, RULE_FALSE_ALARMS, "0.009"), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys), cmocka_unit_test(presets),
                                       cmocka_unit_test(ends_of_ranges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
