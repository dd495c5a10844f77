/* SPDX-License-Identifier: Apache-2.0
 * Weeks of margins whose distributions are known, on a clock of the test's own; what is kept over a restart. */
#include "tag/drift.h"
#include "base/log.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEEK_MINUTES = 7 * 24 * 60 };

static const float vectors[2][2] = {{1, 0}, {0, 1}};

static struct tagger *make(size_t count, const char *model) {
    static const char *const names[] = {"cat", "dog"};
    struct tagger_tag tags[2];
    struct tagger *t;
    for (size_t i = 0; i < 2; i++) {
        tags[i] = (struct tagger_tag){.name = names[i], .key = names[i], .vector = vectors[i]};
        rules_complete(&tags[i].rules, &(struct rules){.line = {0}});
        tags[i].rules.value[RULE_SMOOTH] = 0;
    }
    struct tagger_set set = {.tags = tags, .count = count, .size = 2, .logit_scale = 100, .model = model};
    assert_int_equal(tagger_create(&t, &set), 0);
    return t;
}

struct world {
    struct drift *drift;
    struct tagger *tagger;
    int64_t time_ms;
    uint64_t state;
};

/* So many minutes; the cosine with "cat" lies evenly in low..high, that with "dog" is its complement. */
static size_t pass(struct world *w, size_t minutes, double low, double high) {
    size_t drifted = 0;
    for (size_t i = 0; i < minutes; i++) {
        const struct tagger_event *events;
        w->state = w->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        double x = low + (high - low) * (double)(w->state >> 40) / (1 << 24);
        float embedding[2] = {(float)x, (float)sqrt(1 - x * x)};
        tagger_step(w->tagger, &(struct tagger_frame){embedding, w->time_ms, 0, 0.5f}, &events);
        drifted += drift_step(w->drift, w->tagger, w->time_ms);
        drifted += drift_step(w->drift, w->tagger, w->time_ms + 1000); /* once a minute, not more */
        w->time_ms += 60000;
    }
    return drifted;
}

static struct drift_status get(const struct world *w) {
    struct drift_status s;
    drift_get(w->drift, w->tagger, &s);
    return s;
}

static void weeks(void **state) {
    (void)state;
    struct world w = {.tagger = make(1, "m"), .state = 1};
    assert_int_equal(drift_create(&w.drift), 0);
    assert_int_equal(pass(&w, WEEK_MINUTES + 1, 0.2, 0.3), 0);
    assert_true(isnan(get(&w).largest) && get(&w).compared == 0);
    assert_int_equal(pass(&w, WEEK_MINUTES, 0.2, 0.3), 0); /* the same again */
    assert_true(get(&w).compared == 1 && get(&w).drifted == 0 && get(&w).largest < 0.02);
    assert_int_equal(pass(&w, WEEK_MINUTES, 0.25, 0.35), 1); /* half of it lies beyond: told once */
    assert_true(get(&w).drifted == 1 && get(&w).largest > 1);
    assert_string_equal(get(&w).tag, "cat");
    assert_int_equal(pass(&w, WEEK_MINUTES, 0.25, 0.35), 0);
    assert_int_equal(get(&w).drifted, 1);
    assert_int_equal(pass(&w, WEEK_MINUTES, 0.2, 0.3), 0); /* as at first */
    assert_int_equal(get(&w).drifted, 0);
    assert_int_equal(pass(&w, WEEK_MINUTES, 0.25, 0.35), 1); /* and told anew */
    drift_destroy(&w.drift);
    tagger_destroy(&w.tagger);
}

/* A gap counts an hour; a week of few pictures goes on until it has enough. */
static void gaps(void **state) {
    (void)state;
    struct world w = {.tagger = make(1, "m"), .state = 2};
    assert_int_equal(drift_create(&w.drift), 0);
    pass(&w, 30, 0.2, 0.3);
    w.time_ms += INT64_C(40) * 24 * 3600000;
    pass(&w, WEEK_MINUTES / 2, 0.2, 0.3);
    for (int i = 0; i < 2 * 84; i++) w.time_ms += 3600000 - 60000, pass(&w, 1, 0.2, 0.3); /* once an hour: slow weeks */
    assert_int_equal(get(&w).compared, 0);
    for (int i = 0; i < 90; i++) w.time_ms += 3600000 - 60000, pass(&w, 1, 0.2, 0.3);
    assert_int_equal(get(&w).compared, 1);
    w.time_ms -= INT64_C(100) * 24 * 3600000; /* another clock */
    pass(&w, 10, 0.2, 0.3);
    assert_int_equal(get(&w).compared, 1);
    drift_destroy(&w.drift);
    tagger_destroy(&w.tagger);
}

static void restart(void **state) {
    (void)state;
    struct world w = {.tagger = make(2, "m"), .state = 3};
    uint8_t *bytes;
    size_t size;
    char why[LOG_LINE];
    assert_int_equal(drift_create(&w.drift), 0);
    pass(&w, WEEK_MINUTES + 1, 0.2, 0.3);
    pass(&w, WEEK_MINUTES / 2, 0.25, 0.35);
    assert_int_equal(drift_save(w.drift, &bytes, &size), 0);
    drift_seal(bytes, size);
    drift_destroy(&w.drift), tagger_destroy(&w.tagger);
    w.tagger = make(2, "m");
    assert_int_equal(drift_create(&w.drift), 0);
    for (size_t i = 0; i < size; i += i < 100 ? 1 : 997) { /* one byte of it changed, and cut short */
        bytes[i] ^= 1;
        log_hold(why, sizeof why);
        assert_int_equal(drift_restore(w.drift, bytes, size, "d"), OCELLI_ERR_FILE);
        bytes[i] ^= 1;
        assert_int_equal(drift_restore(w.drift, bytes, i, "d"), OCELLI_ERR_FILE);
        log_release();
    }
    assert_int_equal(drift_restore(w.drift, bytes, size, "d"), 0);
    w.time_ms = 5;
    assert_int_equal(pass(&w, WEEK_MINUTES / 2 + 1, 0.25, 0.35), 2); /* the week that had begun goes on */
    assert_int_equal(get(&w).compared, 2);
    struct tagger *other = make(2, "another model"); /* other margins: nothing is compared with them */
    struct drift_status s;
    drift_get(w.drift, other, &s);
    assert_int_equal(s.compared, 0);
    tagger_destroy(&other);
    free(bytes);
    drift_destroy(&w.drift), tagger_destroy(&w.tagger);
}

/* Against the sum over tenths by hand. */
static void index_of(void **state) {
    (void)state;
    static uint16_t first[DRIFT_BINS], second[DRIFT_BINS];
    for (int i = 0; i < 10; i++) first[100 + i] = 100, second[100 + i] = 100;
    assert_true(fabs(drift_index(first, second)) < 1e-12);
    second[100] = 0, second[109] = 200;
    double want = 0;
    for (int i = 0; i < 10; i++) {
        double x = 100.5 / 1006, y = (second[100 + i] + 0.5) / 1006; /* two more parts lie outside */
        want += (y - x) * log(y / x);
    }
    assert_true(fabs(drift_index(first, second) - want) < 1e-12);
    memset(first, 0, sizeof first), memset(second, 0, sizeof second);
    first[500] = 1000, second[500] = 1000; /* one bin has all */
    assert_true(drift_index(first, second) < 1e-12);
    second[500] = 0, second[502] = 1000; /* a still scene trembles */
    assert_true(drift_index(first, second) < 1e-12);
    second[502] = 0, second[503] = 1000; /* and moves */
    assert_true(drift_index(first, second) > 1);
    second[503] = 0, second[0] = 1000;
    assert_true(drift_index(first, second) > 1);
    second[0] = 0;
    assert_true(drift_index(first, second) <= 0); /* nothing to compare with */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(weeks), cmocka_unit_test(gaps), cmocka_unit_test(restart),
                                       cmocka_unit_test(index_of)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
