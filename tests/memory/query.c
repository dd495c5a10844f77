/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/query.h"
#include "support/heard.h"
#include "support/test.h"

#include <math.h>

static void test_mixed(void **state) {
    (void)state;
    const float a[3] = {1, 0, 0}, b[3] = {0, 1, 0};
    float sum[3] = {0};
    query_add(sum, a, 3, 1);
    query_add(sum, b, 3, -1);
    assert_int_equal(query_finish(sum, 3), OCELLI_OK);
    assert_true(fabs((double)sum[0] - sqrt(0.5)) < 1e-6 && fabs((double)sum[1] + sqrt(0.5)) < 1e-6);
    assert_true(sum[2] == 0);
}

/* One vector alone stays what it is. */
static void test_alone(void **state) {
    (void)state;
    const float a[2] = {0.6f, 0.8f};
    float sum[2] = {0};
    query_add(sum, a, 2, 1);
    assert_int_equal(query_finish(sum, 2), OCELLI_OK);
    assert_true(fabs((double)sum[0] - 0.6) < 1e-6 && fabs((double)sum[1] - 0.8) < 1e-6);
}

static void test_nothing_left(void **state) {
    (void)state;
    const float a[2] = {0.6f, 0.8f};
    float sum[2] = {0};
    query_add(sum, a, 2, 1);
    query_add(sum, a, 2, -1);
    listen();
    assert_int_equal(query_finish(sum, 2), OCELLI_ERR_USAGE);
    assert_int_equal(heard.lines, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mixed), cmocka_unit_test(test_alone),
                                       cmocka_unit_test(test_nothing_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
