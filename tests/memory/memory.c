/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/memory.h"
#include "base/clock.h"
#include "file.h"

static struct memory *opened(double flush_s) {
    struct memory *m;
    struct memory_params params = {.path = path, .budget = 8 * MB, .flush_s = flush_s, .model = &model};
    listen();
    assert_int_equal(memory_open(&m, &params), OCELLI_OK);
    return m;
}

static void put(struct memory *m, uint64_t index) {
    float v[D];
    unit(index, v);
    memory_put(m, &(struct memory_picture){v, clock_ns(CLOCK_MONOTONIC), "cat, dog", NULL, 0});
}

/* Waits until so many are kept; false: not in 10 s. */
static bool kept(struct memory *m, uint64_t count) {
    struct memory_status s;
    for (int i = 0; i < 1000; i++) {
        memory_get_status(m, &s);
        if (s.kept == count && s.open) return true;
        usleep(10000);
    }
    return false;
}

static void test_whole(void **state) {
    (void)state;
    new_folder();
    struct memory *m = opened(0.2);
    struct history_hit hits[5];
    struct history_found found = {.hits = hits};
    float v[D];
    for (uint64_t i = 0; i < 20; i++) put(m, i);
    assert_true(kept(m, 20));
    unit(7, v);
    struct history_question q = {.vector = v, .wanted = 5};
    assert_int_equal(memory_search(m, &q, &found), OCELLI_OK);
    assert_int_equal(found.count, 5);
    assert_true(hits[0].score > 0.999);
    assert_true(fabs(hits[0].time - (double)clock_ns(CLOCK_REALTIME) / 1e9) < 12); /* now, by the wall clock */
    assert_string_equal(hits[0].tags, "cat, dog");
    memory_close(&m, 5000);
    assert_null(m);
    assert_int_equal(heard_lines(), 0);
    remove_folder();
}

/* What waits is written at the end, in order, also where the ring goes round. */
static void test_close(void **state) {
    (void)state;
    new_folder();
    struct memory *m = opened(0.05);
    uint64_t count = 0;
    for (; count < 100; count++) put(m, count);
    assert_true(kept(m, 100));
    memory_close(&m, 5000);
    m = opened(1000);
    assert_true(kept(m, 0));                      /* open: what comes now is not written with that */
    /* One more than half of the ring: at once. Of more still, the thread may take the first alone. */
    for (int i = 0; i < HISTORY_BATCH / 2 + 1; i++) put(m, count++);
    assert_true(kept(m, HISTORY_BATCH / 2 + 1));
    for (int i = 0; i < HISTORY_BATCH / 2; i++) put(m, count++);
    memory_close(&m, 5000);
    assert_int_equal(number("SELECT count(*) FROM picture"), count);
    assert_int_equal(
        number("SELECT count(*) FROM picture a JOIN picture b ON b.id = a.id + 1 WHERE b.boot_ms < a.boot_ms"), 0);
    remove_folder();
}

/* So few writes: pictures are collected. */
static void test_collected(void **state) {
    (void)state;
    new_folder();
    struct memory *m = opened(1000);
    struct memory_status s;
    assert_true(kept(m, 0));
    for (uint64_t i = 0; i < 30; i++) put(m, i);
    usleep(300000);
    memory_get_status(m, &s);
    assert_int_equal(s.kept, 0);
    assert_true(s.open);
    assert_int_equal(number("SELECT count(*) FROM picture"), 0);
    memory_close(&m, 5000);
    assert_int_equal(number("SELECT count(*) FROM picture"), 30);
    remove_folder();
}

/* Without its folder it goes on, and what does not fit is counted. memory_put() never waits. */
static void test_no_file(void **state) {
    (void)state;
    new_folder();
    snprintf(path, sizeof path, "%s/none/history.db", folder);
    struct memory *m = opened(0.1);
    struct memory_status s;
    for (int i = 0; i < 1000 && !heard_lines(); i++) usleep(10000);
    int64_t began = clock_ns(CLOCK_MONOTONIC);
    for (uint64_t i = 0; i < HISTORY_BATCH + 50; i++) put(m, i);
    assert_true(clock_ns(CLOCK_MONOTONIC) - began < INT64_C(5000000000)); /* it is tried again after 10 s */
    memory_get_status(m, &s);
    assert_int_equal(s.lost, 50);
    assert_false(s.open);
    assert_int_equal(heard_lines(), 1);
    assert_non_null(strstr(heard.text, "No such file"));
    memory_close(&m, 5000);
    remove_folder();
}

/* The file goes away while it runs: told, begun anew, what waited is not lost. */
static void test_back(void **state) {
    (void)state;
    new_folder();
    struct memory *m = opened(0.2);
    for (uint64_t i = 0; i < 10; i++) put(m, i);
    assert_true(kept(m, 10));
    unlink(path);
    for (uint64_t i = 0; i < 10; i++) put(m, i);
    assert_false(kept(m, 20) && heard_lines() == 0);
    if (!kept(m, 20)) assert_true(kept(m, 20)); /* tried again after 10 s */
    assert_int_equal(number("SELECT count(*) FROM picture"), 10);
    memory_close(&m, 5000);
    remove_folder();
}

/* A picture that is not finite is none. */
static void test_nan(void **state) {
    (void)state;
    new_folder();
    struct memory *m = opened(0.05);
    float v[D] = {(float)NAN};
    memory_put(m, &(struct memory_picture){v, clock_ns(CLOCK_MONOTONIC), "", NULL, 0});
    put(m, 1);
    assert_true(kept(m, 1));
    memory_close(&m, 5000);
    memory_close(&m, 5000);
    remove_folder();
}

/* A history is one daemon's; the other one says so, keeps nothing, and what it has waits. */
static void test_two(void **state) {
    (void)state;
    new_folder();
    struct memory *a = opened(0.05), *b;
    struct memory_status s;
    put(a, 0);
    assert_true(kept(a, 1));
    b = opened(0.05);
    for (int i = 0; i < 1000 && !heard_lines(); i++) usleep(10000);
    if (!strstr(heard.text, ": another daemon keeps its pictures there")) fail_msg("\"%s\"", heard.text);
    put(b, 1);
    put(a, 2);
    assert_true(kept(a, 2));
    memory_get_status(b, &s);
    assert_false(s.open);
    assert_int_equal(s.kept, 0);
    memory_close(&a, 5000);
    assert_true(kept(b, 1) || kept(b, 1)); /* tried again after 10 s */
    memory_close(&b, 5000);
    assert_int_equal(number("SELECT count(*) FROM picture"), 3);
    remove_folder();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole),     cmocka_unit_test(test_close),
                                       cmocka_unit_test(test_collected), cmocka_unit_test(test_no_file),
                                       cmocka_unit_test(test_back),      cmocka_unit_test(test_nan),
                                       cmocka_unit_test(test_two)};
    if (!history_built_in() || system("command -v sqlite3 >/dev/null")) {
        puts("SKIP: no SQLite, or not its shell");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
