/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/best.h"
#include "support/test.h"

#include <ocelli.h>
#include <stdlib.h>

static uint64_t seed = 1;

static uint32_t noise(uint32_t below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static int better(const void *a, const void *b) {
    const struct best_hit *x = a, *y = b;
    return (x->score < y->score) - (x->score > y->score);
}

/* Scores that all differ, at any times. */
static void make(struct best_hit *hits, size_t count, uint32_t span_ms) {
    for (size_t i = 0; i < count; i++)
        hits[i] = (struct best_hit){(int64_t)i, (int64_t)noise(span_ms) - 100000, (float)i / (float)count};
    for (size_t i = count - 1; i; i--) {
        size_t other = noise((uint32_t)i + 1);
        float score = hits[i].score;
        hits[i].score = hits[other].score, hits[other].score = score;
    }
}

/* The rule, said plainly: the best of each minute, then from the best on none within a minute of a better one. */
static size_t plainly(struct best_hit *all, size_t count, size_t wanted, int64_t apart, struct best_hit *out) {
    size_t chosen = 0;
    static char passed[20000];
    qsort(all, count, sizeof *all, better);
    for (size_t i = 0; i < count; i++) {
        passed[i] = 0;
        int64_t minute = apart ? (all[i].time_ms + 1000 * apart) / apart : 0;
        for (size_t k = 0; apart && k < i; k++) passed[i] |= (all[k].time_ms + 1000 * apart) / apart == minute;
    }
    for (size_t i = 0; i < count && chosen < wanted; i++) {
        char near = passed[i];
        for (size_t k = 0; k < chosen; k++) near |= llabs(out[k].time_ms - all[i].time_ms) < apart;
        if (!near) out[chosen++] = all[i];
    }
    return chosen;
}

static void check(size_t count, uint32_t span, size_t wanted, int64_t apart) {
    static struct best_hit all[20000], expected[20000];
    struct best b;
    make(all, count, span);
    assert_int_equal(best_init(&b, wanted, apart), OCELLI_OK);
    for (size_t i = 0; i < count; i++) best_add(&b, &all[i]);
    best_choose(&b);
    size_t n = plainly(all, count, wanted, apart, expected);
    assert_int_equal(b.count, n);
    for (size_t i = 0; i < n; i++) assert_int_equal(b.hits[i].id, expected[i].id);
    best_finish(&b);
}

static void test_rule(void **state) {
    (void)state;
    check(5000, 3600000, 32, 60000);
    check(5000, 3600000, 32, 0);
    check(5000, 600000, 32, 60000); /* fewer minutes than wanted */
    check(3000, 100000000, 1, 60000);
    check(3000, 300000, 7, 1);
    for (int i = 0; i < 300; i++) check(1 + noise(50), 1 + noise(400000), 1 + noise(6), 60000);
}

static void test_edges(void **state) {
    (void)state;
    struct best b;
    const struct best_hit hit = {1, 0, 0.5f};
    assert_int_equal(best_init(&b, 0, 60000), OCELLI_OK);
    best_add(&b, &hit);
    best_choose(&b);
    assert_int_equal(b.count, 0);
    best_finish(&b);
    assert_int_equal(best_init(&b, 3, 60000), OCELLI_OK);
    best_choose(&b);
    assert_int_equal(b.count, 0);
    best_finish(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rule), cmocka_unit_test(test_edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
