/* SPDX-License-Identifier: Apache-2.0
 * The last hour through the tagger once more: what it tells of vectors whose states are known. */
#include "daemon/replay.h"
#include "memory/pack.h"
#include "support/test.h"

#include <math.h>
#include <string.h>

enum { SIZE = 8, MOST = 4000 };
static const int64_t now_ms = INT64_C(1795521600000);

static int8_t packed[MOST * SIZE];
static struct history_fact facts[MOST];
static struct history_vectors vectors;
static struct tagger *tagger;
static struct serve_replayed got;

static const float cat[SIZE] = {1}, nothing[SIZE] = {0, 1};

static int setup(void **state) {
    (void)state;
    struct rules rules = rules_none(), given = rules_none();
    given.value[RULE_ON] = 0.5, given.value[RULE_OFF] = 0.4;
    given.value[RULE_SMOOTH] = given.value[RULE_MIN_ON] = given.value[RULE_MIN_OFF] = 0;
    rules_complete(&given, &rules);
    const struct tagger_tag tag = {.name = "cat", .key = "k", .vector = cat, .rules = given};
    const struct tagger_set set = {.tags = &tag, .count = 1, .size = SIZE, .logit_scale = 100, .model = "a test"};
    vectors = (struct history_vectors){facts, packed, 0, MOST};
    return tagger_create(&tagger, &set);
}

static int teardown(void **state) {
    (void)state;
    tagger_destroy(&tagger);
    return 0;
}

/* The newest first, so the calls go back in time. */
static void add(double before_s, const float *vector) {
    size_t i = vectors.count++;
    facts[i] = (struct history_fact){(int64_t)i, now_ms - (int64_t)(before_s * 1000),
                                     pack_picture(vector, SIZE, packed + i * SIZE)};
}

static void run(void) {
    assert_int_equal(replay_run(tagger, "cat", &vectors, SIZE, now_ms, false, NULL, &got), OCELLI_OK);
}

static void test_none(void **state) {
    (void)state;
    run();
    assert_true(got.pictures == 0 && got.turned_on == 0 && got.count == 0 && !got.on && got.on_s <= 0);
    assert_true(isnan(got.scores[0]) && isnan(got.scores[59]) && got.until - got.since == 3600);
}

/* On from the 30th minute on for 90 s, over the border of two cells. */
static void test_once(void **state) {
    (void)state;
    for (int s = 1; s < 3600; s++) add(s, s <= 1830 && s > 1740 ? cat : nothing);
    run();
    assert_true(got.pictures == 3599 && got.turned_on == 1 && got.count == 2 && !got.on);
    assert_true(fabs(got.on_s - 90) < 0.01);
    assert_true(fabsf(got.on_in[29] - 30) < 0.01f && fabsf(got.on_in[30] - 60) < 0.01f && got.on_in[28] <= 0);
    assert_true(got.changes[0].on && got.changes[0].time == 1795521600 - 1830 && !got.changes[1].on);
    assert_true(got.scores[30] > 0.99f && got.scores[10] < 0.01f);
    assert_string_equal(got.rule, "fixed");
    assert_true(fabsf(got.threshold - 0.5f) < 1e-6f);
}

/* Nobody knows what was there in a gap: a minute of it counts. */
static void test_gap(void **state) {
    (void)state;
    add(600, cat), add(1200, cat);
    run();
    assert_true(got.pictures == 2 && got.turned_on == 1 && got.on);
    assert_true(fabs(got.on_s - 120) < 0.01);
}

static void test_many_changes(void **state) {
    (void)state;
    for (int s = 1; s <= 200; s++) add(s, s % 2 ? cat : nothing);
    run();
    assert_true(got.turned_on == 100 && got.count == SERVE_REPLAY_CHANGES && got.on);
    assert_true(got.changes[SERVE_REPLAY_CHANGES - 1].on &&
                got.changes[SERVE_REPLAY_CHANGES - 1].time == 1795521600 - 1);
}

/* The clock was set back after them: they are not of the hour. */
static void test_future(void **state) {
    (void)state;
    add(-100, cat), add(10, nothing);
    run();
    assert_true(got.pictures == 1 && got.turned_on == 0);
}

/* By the thresholds of the night, where it is night now. */
static void test_night(void **state) {
    (void)state;
    add(10, cat);
    assert_int_equal(replay_run(tagger, "cat", &vectors, SIZE, now_ms, true, NULL, &got), OCELLI_OK);
    assert_true(tagger_is_night(tagger) && got.on);
    run();
    assert_false(tagger_is_night(tagger));
}

static void test_stop(void **state) {
    (void)state;
    const atomic_bool stop = true;
    add(10, cat);
    assert_int_equal(replay_run(tagger, "cat", &vectors, SIZE, now_ms, false, &stop, &got), OCELLI_ERR_LOST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_future, setup, teardown),
        cmocka_unit_test_setup_teardown(test_night, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
