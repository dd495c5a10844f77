/* SPDX-License-Identifier: Apache-2.0
 * How well false alarms are kept is measured by tagger_days.c. */
#include "support/test.h"
#include "noise.h"
#include "tag/calibrate.h"

#include <stdlib.h>
#include <string.h>

static struct calibrate c, other;
static double value;

static int setup(void **state) {
    (void)state;
    memset(&c, 0, sizeof c);
    noise_state = 7, value = 0;
    return 0;
}

/* Standard deviation 0.01 about `mean`, correlated over 3 s, a frame a second. */
static void teach(int seconds, enum background_regime regime, double mean, bool on) {
    for (int i = 0; i < seconds; i++) {
        value = noise_follow(value, 0.7, noise_normal());
        calibrate_step(&c, (float)(mean + 0.01 * value), 1, regime, on, 10);
    }
}

static void ready_after_an_hour(void **state) {
    (void)state;
    teach(CALIBRATE_MIN_S - 1, BACKGROUND_DAY, 0.1, false);
    calibrate_refresh(&c, 10);
    assert_false(c.level[BACKGROUND_DAY].known);
    assert_true(isnan(calibrate_percentile(&c, BACKGROUND_DAY, 0.1f)) &&
                isnan(calibrate_alarms_a_day(&c, BACKGROUND_DAY, 0.1f)));
    teach(900, BACKGROUND_DAY, 0.1, false);
    calibrate_refresh(&c, 10);
    assert_true(c.level[BACKGROUND_DAY].known && c.level[BACKGROUND_NIGHT].known && !c.apart);
    assert_true(c.level[BACKGROUND_DAY].on > 0.125 && c.level[BACKGROUND_DAY].on < 0.17);
    assert_true(c.level[BACKGROUND_DAY].gap > 0.003 && c.level[BACKGROUND_DAY].gap < 0.007);
    assert_true(fabs(calibrate_percentile(&c, BACKGROUND_DAY, 0.1f) - 50) < 5);
    assert_true(calibrate_percentile(&c, BACKGROUND_DAY, 0.5f) == 100);
}

/* Rarer asked, higher threshold; and what it says of its own threshold is what was asked. */
static void asked(void **state) {
    (void)state;
    double last = 0;
    teach(86400, BACKGROUND_DAY, 0.1, false);
    for (double n = 100; n >= 0.1; n /= 10) {
        calibrate_refresh(&c, n);
        double on = c.level[BACKGROUND_DAY].on;
        assert_true(on > last);
        assert_true(fabs(calibrate_alarms_a_day(&c, BACKGROUND_DAY, (float)on) - n) < 0.01 * n);
        last = on;
    }
}

static void day_and_night(void **state) {
    (void)state;
    for (int day = 0; day < 2; day++)
        teach(43200, BACKGROUND_DAY, 0.1, false), teach(43200, BACKGROUND_NIGHT, 0.1, false);
    assert_false(c.apart);
    setup(NULL);
    for (int day = 0; day < 2; day++)
        teach(43200, BACKGROUND_DAY, 0.1, false), teach(43200, BACKGROUND_NIGHT, 0.13, false);
    assert_true(c.apart);
    assert_true(fabs(c.level[BACKGROUND_NIGHT].on - c.level[BACKGROUND_DAY].on - 0.03) < 0.005);
    assert_true(calibrate_percentile(&c, BACKGROUND_DAY, 0.13f) > 99 &&
                calibrate_percentile(&c, BACKGROUND_NIGHT, 0.13f) < 60);
}

/* A thing that is in view half of the time and found does not move the threshold. */
static void what_is_on_does_not_teach(void **state) {
    (void)state;
    teach(86400, BACKGROUND_DAY, 0.1, false);
    double before = c.level[BACKGROUND_DAY].on;
    for (int i = 0; i < 100; i++) teach(600, BACKGROUND_DAY, 0.3, true), teach(600, BACKGROUND_DAY, 0.1, false);
    assert_true(fabs(c.level[BACKGROUND_DAY].on - before) < 0.002);
    assert_true(calibrate_percentile(&c, BACKGROUND_DAY, 0.2f) > 99.9);
}

/* Also before there is a threshold. */
static void things_in_view_while_learning(void **state) {
    (void)state;
    teach(2 * 86400, BACKGROUND_DAY, 0.1, false);
    double without = c.level[BACKGROUND_DAY].on;
    setup(NULL);
    for (int i = 0; i < 8; i++) {
        teach(21600, BACKGROUND_DAY, 0.1, false);
        teach(60, BACKGROUND_DAY, 0.2, false);
        teach(1, BACKGROUND_DAY, 0.1, false);
    }
    assert_true(fabs(c.level[BACKGROUND_DAY].on - without) < 0.003);
}

static void follows_the_scene(void **state) {
    (void)state;
    teach(2 * 86400, BACKGROUND_DAY, 0.1, false);
    double before = c.level[BACKGROUND_DAY].on;
    teach(21 * 86400, BACKGROUND_DAY, 0.08, false);
    assert_true(before - c.level[BACKGROUND_DAY].on > 0.01);
}

static void constant_margins(void **state) {
    (void)state;
    for (int i = 0; i < 10000; i++) calibrate_step(&c, 0.25f, 1, BACKGROUND_DAY, false, 10);
    assert_false(c.level[BACKGROUND_DAY].known); /* nothing to learn from: it must not fire at the first change */
    calibrate_pause(&c);
    calibrate_step(&c, 0.25f, 0, BACKGROUND_DAY, false, 10);
}

static void saves_and_restores(void **state) {
    (void)state;
    uint8_t *bytes = malloc(CALIBRATE_BYTES), *again = malloc(CALIBRATE_BYTES);
    teach(43200, BACKGROUND_DAY, 0.1, false);
    teach(43200, BACKGROUND_NIGHT, 0.13, false);
    calibrate_refresh(&c, 10);
    calibrate_save(&c, bytes);
    struct span in = span_of(bytes, CALIBRATE_BYTES);
    assert_true(calibrate_restore(&other, &in) && span_left(&in) == 0);
    calibrate_refresh(&other, 10);
    assert_memory_equal(other.level, c.level, sizeof c.level);
    calibrate_save(&other, again);
    assert_memory_equal(again, bytes, CALIBRATE_BYTES);
    for (size_t cut = 0; cut < CALIBRATE_BYTES; cut += cut < 100 ? 1 : 500) {
        in = span_of(bytes, cut);
        assert_false(calibrate_restore(&other, &in));
        assert_true(other.background.step == 0);
    }
    memset(bytes + 40, 0xff, 4); /* a time that is no number */
    in = span_of(bytes, CALIBRATE_BYTES);
    assert_false(calibrate_restore(&other, &in));
    free(bytes);
    free(again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ready_after_an_hour, setup),
        cmocka_unit_test_setup(asked, setup),
        cmocka_unit_test_setup(day_and_night, setup),
        cmocka_unit_test_setup(what_is_on_does_not_teach, setup),
        cmocka_unit_test_setup(things_in_view_while_learning, setup),
        cmocka_unit_test_setup(follows_the_scene, setup),
        cmocka_unit_test_setup(constant_margins, setup),
        cmocka_unit_test_setup(saves_and_restores, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
