/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/history_sampler.h"
#include "base/clock.h"
#include "support/heard.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum { TAGS = 60, SIZE = TAGS };

static char folder[64], path[128], names[TAGS][40];
static float vectors[TAGS][SIZE];
static struct tagger *tagger;
static struct memory *memory;

/* Each tag is an axis, on from a cosine of 0.1 on; their names are 32 bytes long. */
static int setup(void **state) {
    (void)state;
    static struct tagger_tag tags[TAGS];
    for (int i = 0; i < TAGS; i++) {
        snprintf(names[i], sizeof names[i], "a tag with a long name, number %02d", i);
        vectors[i][i] = 1;
        struct rules rules = rules_none(), none = rules_none();
        rules.value[RULE_ON] = 0.1, rules.value[RULE_OFF] = 0.05;
        rules_complete(&rules, &none);
        tags[i] = (struct tagger_tag){.name = names[i], .key = names[i], .vector = vectors[i], .rules = rules};
    }
    const struct memory_model model = {.name = "m", .size = SIZE, .key = "1"};
    struct memory_params params = {.path = path, .budget = 8 << 20, .flush_s = 0.05, .model = &model};
    snprintf(folder, sizeof folder, "/tmp/ocelli-keep-XXXXXX");
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/history.db", folder);
    listen();
    return tagger_create(
               &tagger,
               &(struct tagger_set){.tags = tags, .count = TAGS, .size = SIZE, .logit_scale = 100, .model = "m"}) ||
           memory_open(&memory, &params);
}

static int teardown(void **state) {
    (void)state;
    char command[128];
    memory_close(&memory, 5000);
    tagger_destroy(&tagger);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* A picture with the first `on` tags in it, `ms` after the first. Time is the tagger's too. */
static void see(struct history_sampler *k, int on, int64_t ms) {
    static int64_t began;
    const struct tagger_event *events;
    float v[SIZE] = {0};
    if (!began) began = clock_ns(CLOCK_MONOTONIC);
    int64_t at = began + ms * 1000000;
    for (int i = 0; i < on; i++) v[i] = 1 / sqrtf((float)on);
    tagger_step(tagger, &(struct tagger_frame){v, at / 1000000, (uint64_t)ms, 0.5f}, &events);
    history_sampler_add(k, tagger, v, at, &(struct history_thumbnail){0});
}

static struct history_found search(int like, struct history_hit hits[8]) {
    struct history_found found = {.hits = hits};
    struct history_question q = {.vector = vectors[like], .wanted = 8};
    assert_int_equal(memory_search(memory, &q, &found), OCELLI_OK);
    return found;
}

static void wait_kept(uint64_t count) {
    struct memory_status s;
    for (int i = 0; i < 1000; i++, usleep(10000)) {
        memory_get_status(memory, &s);
        if (s.kept >= count && s.open) break;
    }
    assert_int_equal(s.kept, count);
}

/* One a second of ten a second, and of late ones; then the names that were on. */
static void test_every(void **state) {
    (void)state;
    struct history_sampler k = {.memory = memory, .every = 1};
    struct history_hit hits[8];
    for (int64_t ms = 0; ms <= 5000; ms += 100) see(&k, 1, ms);
    see(&k, 1, 7500);
    see(&k, 1, 8400); /* 0.9 s after it */
    wait_kept(7);
    assert_int_equal(search(0, hits).count, 7);
    assert_string_equal(hits[0].tags, names[0]);
}

static void test_names(void **state) {
    (void)state;
    struct history_sampler k = {.memory = memory};
    struct history_hit hits[8];
    for (int64_t ms = 20000; ms < 30000; ms += 100)
        see(&(struct history_sampler){0}, 2, ms); /* smoothing comes to its end */
    see(&k, 2, 30000);
    for (int64_t ms = 30100; ms < 40000; ms += 100) see(&(struct history_sampler){0}, 40, ms);
    see(&k, 40, 40000);
    wait_kept(9);
    search(1, hits);
    char both[100];
    snprintf(both, sizeof both, "%s, %s", names[0], names[1]);
    assert_string_equal(hits[0].tags, both);
    search(39, hits); /* as many whole names as fit */
    size_t length = strlen(hits[0].tags);
    assert_in_range(length, HISTORY_TAGS - 40, HISTORY_TAGS - 1);
    assert_string_equal(hits[0].tags + length - strlen(names[0]), names[(length + 2) / (strlen(names[0]) + 2) - 1]);
}

/* A thumbnail of a frame that is due, and of no other. */
static void test_thumbnail(void **state) {
    (void)state;
    const struct memory_model model = {.name = "m", .size = SIZE, .key = "1"};
    struct history_sampler k = {.memory = memory, .every = 1, .thumbnails = true};
    struct history_thumbnail thumbnail;
    struct history_hit hits[8];
    struct history *h;
    uint8_t *jpeg, *rgb = calloc(400 * 300, 3);
    size_t size;
    struct frame frame = {.format = FRAME_RGB, .width = 400, .height = 300, .captured_ns = clock_ns(CLOCK_MONOTONIC)};
    frame_lay(&frame, rgb);
    history_sampler_draw(&k, &frame, false, &thumbnail);
    assert_non_null(thumbnail.jpeg);
    history_sampler_add(&k, tagger, vectors[7], frame.captured_ns, &thumbnail);
    free(thumbnail.jpeg);
    frame.captured_ns += 900000000;
    history_sampler_draw(&k, &frame, false, &thumbnail);
    assert_null(thumbnail.jpeg);
    free(rgb);
    wait_kept(10);
    assert_int_equal(search(7, hits).count, 8);
    assert_true(hits[0].score > 0.99);
    assert_int_equal(history_open(&h, path, &model), OCELLI_OK);
    assert_int_equal(history_thumbnail(h, hits[0].id, &jpeg, &size), OCELLI_OK);
    assert_true(size > 100 && size < 20000 && jpeg[0] == 0xff && jpeg[1] == 0xd8);
    free(jpeg);
    assert_int_equal(history_thumbnail(h, hits[0].id - 1, &jpeg, &size), OCELLI_OK);
    assert_null(jpeg);
    history_close(&h);
}

static void test_none(void **state) {
    (void)state;
    struct history_sampler k = {0};
    see(&k, 1, 50000);
    assert_int_equal(k.last_ns, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_thumbnail), cmocka_unit_test(test_none)};
    if (!history_built_in()) {
        puts("SKIP: no SQLite");
        return 77;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
