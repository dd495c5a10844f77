/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pace.h"
#include "support/checkpoint.h"
#include "support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MS INT64_C(1000000)

/* Evenly, though the taker's own times are not even; late once, no burst follows. */
static void test_rate(void **state) {
    (void)state;
    struct pace p = {.rate = 10};
    int64_t now = 1000 * MS;
    pace_step(&p, now, 0);
    assert_int_equal(p.due_ns, now); /* the first one is as if late */
    pace_step(&p, now + 3 * MS, 0);
    assert_int_equal(p.due_ns, now + 100 * MS);
    pace_step(&p, now + 109 * MS, 0);
    assert_int_equal(p.due_ns, now + 200 * MS);
    pace_step(&p, now + 950 * MS, 0);
    assert_int_equal(p.due_ns, now + 950 * MS);
}

static void test_no_cap(void **state) {
    (void)state;
    struct pace p = {.hot = 70};
    pace_step(&p, 500 * MS, 40 * MS);
    assert_int_equal(p.due_ns, 500 * MS);
    pace_heat(&p, 75);
    pace_step(&p, 600 * MS, 40 * MS); /* four times the work's own time */
    assert_int_equal(p.due_ns, 660 * MS);
}

static void test_heat(void **state) {
    (void)state;
    static const double cases[][2] = {{20, 1}, {70, 1}, {72.5, 2}, {75, 4}, {80, 16}, {120, 16}};
    struct pace p = {.rate = 10, .hot = 70};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pace_heat(&p, cases[i][0]);
        assert_true(fabs(p.slowdown - cases[i][1]) < 1e-9);
    }
    pace_heat(&p, (double)NAN);
    assert_true(fabs(p.slowdown - 1) < 1e-9);
}

static void put(const char *folder, const char *zone, const char *text) {
    char name[64];
    snprintf(name, sizeof name, "%s-temp", zone);
    checkpoint_put(folder, name, text, strlen(text));
}

static void test_temperature(void **state) {
    (void)state;
    char *folder = checkpoint_folder();
    assert_true(isnan(pace_temperature("/does/not/exist")));
    assert_true(isnan(pace_temperature(folder)));
    put(folder, "one", "45678\n");
    assert_true(fabs(pace_temperature(checkpoint_path(folder, "one-temp")) - 45.678) < 1e-9);
    put(folder, "bad", "hot");
    assert_true(isnan(pace_temperature(checkpoint_path(folder, "bad-temp"))));
    assert_int_equal(mkfifo(checkpoint_path(folder, "fifo"), 0666), 0);
    assert_true(isnan(pace_temperature(checkpoint_path(folder, "fifo")))); /* and does not wait for a writer */
    checkpoint_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rate), cmocka_unit_test(test_no_cap),
                                       cmocka_unit_test(test_heat), cmocka_unit_test(test_temperature)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
