/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "file.h"

enum { PICTURES = 3000, WANTED = 32 };

static struct history_hit hits[WANTED];

static struct history_found search(struct history *h, uint64_t like, int64_t apart_ms) {
    float v[D];
    struct history_found found = {.hits = hits};
    unit(like, v);
    struct history_question q = {.vector = v, .wanted = WANTED, .apart_ms = apart_ms};
    assert_int_equal(history_search(h, &q, &found), OCELLI_OK);
    assert_true(found.all);
    return found;
}

static struct history *filled(uint64_t count) {
    struct history *h;
    new_folder();
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    for (uint64_t i = 0; i < count; i += 100) assert_int_equal(append(h, i, 100), OCELLI_OK);
    return h;
}

/* Against a plain double computation over the vectors as they were. */
static void test_exact(void **state) {
    (void)state;
    struct history *h = filled(PICTURES);
    static double exact[PICTURES];
    float v[D], text[D];
    unit(1234567, text);
    for (uint64_t i = 0; i < PICTURES; i++) {
        unit(i, v);
        exact[i] = 0;
        for (int k = 0; k < D; k++) exact[i] += (double)v[k] * (double)text[k];
    }
    struct history_found found = search(h, 1234567, 0);
    assert_int_equal(found.count, WANTED);
    assert_int_equal(found.compared, PICTURES);
    for (int i = 0; i < WANTED; i++) {
        double best = -1;
        uint64_t index = (uint64_t)((hits[i].time * 1000 - (double)BOOT_AT_MS) / 1000 + 0.5);
        assert_true(fabs(hits[i].score - exact[index]) < 5e-3); /* of 64 numbers */
        for (uint64_t k = 0; k < PICTURES; k++) best = exact[k] > best ? exact[k] : best;
        assert_true(exact[index] > best - 1e-2); /* in the order of the exact ones, but for rounding */
        exact[index] = -2;
        char tag[32];
        snprintf(tag, sizeof tag, "tag %llu", (unsigned long long)index);
        assert_string_equal(hits[i].tags, tag);
    }
    history_close(&h);
    remove_folder();
}

static void test_apart(void **state) {
    (void)state;
    struct history *h = filled(PICTURES);
    struct history_found found = search(h, 1500, 60000);
    assert_true(hits[0].score > 0.999);
    assert_true(fabs(hits[0].time - (double)BOOT_AT_MS / 1000 - 1500) < 0.01);
    assert_true(fabs(found.since - (double)BOOT_AT_MS / 1000) < 0.01);
    assert_in_range(found.count, 15, WANTED);
    for (size_t i = 0; i < found.count; i++)
        for (size_t k = 0; k < i; k++) assert_true(fabs(hits[i].time - hits[k].time) >= 60);
    history_close(&h);
    remove_folder();
}

/* Another program reads while it is written, and sees what was committed. */
static void test_beside(void **state) {
    (void)state;
    struct history *h = filled(100), *reader;
    assert_int_equal(history_open(&reader, path, &model), OCELLI_OK);
    assert_int_equal(search(reader, 50, 0).compared, 100);
    assert_int_equal(append(h, 100, 50), OCELLI_OK);
    assert_int_equal(search(reader, 149, 0).compared, 150);
    assert_true(hits[0].score > 0.999);
    history_close(&h);
    assert_int_equal(search(reader, 149, 0).compared, 150);
    history_close(&reader);
    remove_folder();
}

/* Vectors of another model are never compared, told once, and searched again by their own. */
static void test_models(void **state) {
    (void)state;
    struct history *h = filled(100);
    const struct memory_model other = {.name = "another", .size = D, .key = "5678"};
    history_close(&h);
    listen();
    assert_int_equal(history_create(&h, path, &other, 8 * MB), OCELLI_OK);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "another model (a model)"));
    assert_int_equal(search(h, 50, 0).compared, 0);
    assert_true(isnan(search(h, 50, 0).since));
    assert_int_equal(append(h, 50, 1), OCELLI_OK);
    assert_int_equal(search(h, 50, 0).compared, 1);
    history_close(&h);
    assert_int_equal(history_open(&h, path, &model), OCELLI_OK);
    assert_int_equal(search(h, 50, 0).compared, 100);
    history_close(&h);
    remove_folder();
}

/* A clock that is set late puts right what was kept before, and nothing of an earlier boot. */
static void test_clock(void **state) {
    (void)state;
    struct history *h = filled(100);
    history_close(&h);
    assert_int_equal(history_create(&h, path, &model, 8 * MB), OCELLI_OK);
    int8_t packed[D];
    float v[D];
    unit(777, v);
    struct history_picture p = {5000, pack_picture(v, D, packed), packed, "early"};
    assert_int_equal(history_append(h, &p, 1, 0), OCELLI_OK); /* 1970 */
    search(h, 777, 0);
    assert_true(fabs(hits[0].time - 5) < 0.01);
    p.boot_ms = 9000, p.tags = "late";
    assert_int_equal(history_append(h, &p, 1, BOOT_AT_MS + 1000000), OCELLI_OK);
    struct history_found found = search(h, 777, 0);
    assert_true(fabs(hits[0].time + hits[1].time - 2 * ((double)BOOT_AT_MS / 1000 + 1000) - 14) < 0.01);
    assert_true(fabs(found.since - (double)BOOT_AT_MS / 1000) < 0.01);
    history_close(&h);
    remove_folder();
}

/* At the end of its time it has looked at the newest. */
static void test_until(void **state) {
    (void)state;
    struct history *h = filled(PICTURES);
    struct history_found found = {.hits = hits};
    float v[D];
    unit(PICTURES - 1, v);
    struct history_question q = {.vector = v, .wanted = WANTED, .until_ns = clock_ns(CLOCK_MONOTONIC) - 1};
    assert_int_equal(history_search(h, &q, &found), OCELLI_OK);
    assert_false(found.all);
    assert_in_range(found.compared, 1, PICTURES - 1);
    assert_true(hits[0].score > 0.999);
    history_close(&h);
    remove_folder();
}

/* Rows that were not written by us are passed over: other sizes, times beyond all reason, numbers that are none. */
static void test_strange(void **state) {
    (void)state;
    struct history *h = filled(100);
    history_close(&h);
    if (system("command -v sqlite3 >/dev/null")) skip();
    number(
        "UPDATE picture SET vector = 'x' WHERE id = 1; UPDATE picture SET boot_ms = 9223372036854775807 WHERE id = 2;"
        "UPDATE picture SET boot_ms = -9223372036854775807 WHERE id = 3; UPDATE picture SET scale = 9e999 WHERE id = 4;"
        "UPDATE picture SET run = 77 WHERE id = 5; UPDATE picture SET scale = 'a' WHERE id = 6;"
        "UPDATE picture SET vector = zeroblob(0) WHERE id = 7; UPDATE picture SET tags = zeroblob(600) WHERE id = 8; "
        "SELECT 1");
    assert_int_equal(history_open(&h, path, &model), OCELLI_OK);
    struct history_found found = search(h, 50, 0);
    assert_int_equal(found.compared, 93);
    for (size_t i = 0; i < found.count; i++) assert_true(isfinite(hits[i].score));
    history_close(&h);
    remove_folder();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact),  cmocka_unit_test(test_apart),
                                       cmocka_unit_test(test_beside), cmocka_unit_test(test_models),
                                       cmocka_unit_test(test_clock),  cmocka_unit_test(test_until),
                                       cmocka_unit_test(test_strange)};
    if (!history_built_in()) {
        puts("SKIP: no SQLite");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
