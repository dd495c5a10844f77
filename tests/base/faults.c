/* SPDX-License-Identifier: Apache-2.0 */
#include "base/faults.h"
#include "support/test.h"

#include <ocelli.h>

static void test_without(void **state) {
    (void)state;
    assert_int_equal(faults_pass(NULL, OCELLI_OK), OCELLI_OK);
    assert_int_equal(faults_pass(NULL, OCELLI_ERR_FILE), OCELLI_ERR_FILE);
}

static void test_with(void **state) {
    (void)state;
    struct faults faults = {0};
    assert_int_equal(faults_pass(&faults, OCELLI_OK), OCELLI_OK);
    assert_int_equal(faults.count, 0);
    assert_int_equal(faults_pass(&faults, OCELLI_ERR_LIMIT), OCELLI_OK);
    assert_int_equal(faults_pass(&faults, OCELLI_ERR_FILE), OCELLI_OK);
    assert_int_equal(faults_pass(&faults, OCELLI_ERR_MEMORY), OCELLI_ERR_MEMORY); /* to go on would need some */
    assert_int_equal(faults.count, 2);
    assert_int_equal(faults.first, OCELLI_ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_without), cmocka_unit_test(test_with)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
