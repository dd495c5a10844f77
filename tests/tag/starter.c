/* SPDX-License-Identifier: Apache-2.0 */
#include "support/heard.h"
#include "support/test.h"
#include "base/log.h"
#include "tag/starter.h"

#include <math.h>
#include <string.h>

enum { COUNT = 10, SIZE = COUNT + 1 };

static float vectors[COUNT][SIZE];
static const char *texts[COUNT] = {"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"};
static struct arena arena;
static struct starter s;

static int setup(void **state) {
    (void)state;
    listen();
    memset(vectors, 0, sizeof vectors);
    for (int i = 0; i < COUNT; i++) vectors[i][i] = 1;
    assert_int_equal(starter_init(&s, &arena, vectors[0], texts, COUNT, SIZE), 0);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    return 0;
}

static void step(const float cosines[COUNT]) {
    float embedding[SIZE] = {0};
    memcpy(embedding, cosines, COUNT * sizeof *cosines);
    starter_step(&s, embedding);
}

/* Nine at 0.1 and one at 0.3: mean 0.12, spread 0.06. */
static const float one_above[COUNT] = {0.1f, 0.1f, 0.1f, 0.3f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f};

static void nearest_or_anything_else(void **state) {
    (void)state;
    float cosine;
    step(one_above);
    assert_string_equal(starter_rival(&s, 0, &cosine), "t3");
    assert_true(fabsf(cosine - 0.3f) < 1e-6f);
    assert_string_equal(starter_rival(&s, 1 << 3, &cosine), STARTER_ANYTHING_ELSE);
    assert_true(fabsf(cosine - 0.27f) < 1e-5f); /* 0.12 + 2.5 * 0.06 */
    assert_true(fabsf(starter_on(&s, &(struct starter_past){0}) - 0.045f) < 1e-5f &&
                fabsf(starter_off(&s) - 0.015f) < 1e-5f);
    assert_string_equal(starter_rival(&s, (1 << COUNT) - 1, &cosine), STARTER_ANYTHING_ELSE);
}

/* The unit is the mean over frames, the level of this frame's mean. */
static void spread_over_frames(void **state) {
    (void)state;
    float cosine;
    const float same[COUNT] = {0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f, 0.2f};
    step(one_above);
    step(same);
    starter_rival(&s, (1 << COUNT) - 1, &cosine);
    assert_true(fabsf(cosine - (0.2f + 2.5f * 0.03f)) < 1e-5f);
    struct starter next;
    assert_int_equal(starter_init(&next, &arena, vectors[0], texts, COUNT, SIZE), 0);
    starter_carry(&next, &s);
    assert_true(fabsf(starter_on(&next, &(struct starter_past){0}) - starter_on(&s, &(struct starter_past){0})) <
                    1e-9f &&
                next.frames == 2);
}

/* All frames in any order of cosines give the right nearest: the order is kept from frame to frame. */
static void order(void **state) {
    (void)state;
    uint32_t random = 1;
    for (int frame = 0; frame < 500; frame++) {
        float cosines[COUNT], cosine;
        int best = -1;
        uint64_t alike = frame % (1 << COUNT);
        for (int i = 0; i < COUNT; i++) {
            random = random * 1664525 + 1013904223;
            cosines[i] = (float)(random >> 8) / (1 << 26);
        }
        step(cosines);
        for (int i = 0; i < COUNT; i++)
            if (!(alike >> i & 1) && (best < 0 || cosines[i] > cosines[best])) best = i;
        const char *rival = starter_rival(&s, alike, &cosine);
        if (best >= 0 && cosines[best] > s.anything_else)
            assert_string_equal(rival, texts[best]);
        else
            assert_string_equal(rival, STARTER_ANYTHING_ELSE);
        for (int i = 1; i < COUNT; i++) assert_true(s.cosines[s.order[i - 1]] >= s.cosines[s.order[i]]);
    }
}

/* Texts of a model share a direction, which says nothing of their meaning. */
static void alike(void **state) {
    (void)state;
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < SIZE; k++) vectors[i][k] = k == i ? 0.6f : k == COUNT ? 0.8f : 0;
    assert_int_equal(starter_init(&s, &arena, vectors[0], texts, COUNT, SIZE), 0);
    float near[SIZE] = {[2] = 0.55f, [5] = 0.24f, [COUNT] = 0.8f},
          far[SIZE] = {[2] = 0.3f, [3] = 0.3f, [4] = 0.3f, [5] = 0.3f, [COUNT] = 0.8f};
    assert_true(starter_alike(&s, vectors[7]) == 1 << 7);
    assert_true(starter_alike(&s, near) == 1 << 2);
    assert_true(starter_alike(&s, far) == 0);
}

/* A scene that looks a little like the tag asks for more, up to a limit; the thing itself, missed, hardly adds to that.
 */
static void past(void **state) {
    (void)state;
    struct starter_past p = {0};
    step(one_above); /* spread 0.06 */
    for (int i = 0; i < 400; i++) starter_past_take(&p, i % 2 ? -0.31f : -0.29f);
    assert_true(fabs(p.mean + 0.3) < 1e-3 && fabs(sqrt(p.variance) - 0.01) < 1e-3);
    assert_true(fabsf(starter_on(&s, &p) - 0.045f) < 1e-5f);
    memset(&p, 0, sizeof p);
    for (int i = 0; i < 400; i++) starter_past_take(&p, i % 2 ? 0.03f : 0.01f);
    assert_true(fabsf(starter_on(&s, &p) - (0.02f + 4.5f * 0.01f)) < 1e-3f);
    for (int i = 0; i < 10; i++) starter_past_take(&p, 0.3f);
    assert_true(starter_on(&s, &p) < 0.075f);
    for (int i = 0; i < 400; i++) starter_past_take(&p, i % 2 ? 0.1f : 0.0f);
    assert_true(fabsf(starter_on(&s, &p) - 0.12f) < 1e-5f); /* 2 * 0.06 */
}

static void limits(void **state) {
    (void)state;
    float cosine;
    struct starter none;
    assert_int_equal(starter_init(&none, &arena, NULL, NULL, 0, SIZE), 0);
    starter_step(&none, vectors[0]);
    assert_int_equal(none.frames, 0);
    assert_true(starter_alike(&none, vectors[0]) == 0);
    starter_rival(&none, 0, &cosine);
    assert_int_equal(starter_init(&none, &arena, NULL, NULL, STARTER_MOST + 1, SIZE), OCELLI_ERR_LIMIT);
    assert_int_equal(heard.lines, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nearest_or_anything_else, setup, teardown),
        cmocka_unit_test_setup_teardown(spread_over_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(order, setup, teardown),
        cmocka_unit_test_setup_teardown(alike, setup, teardown),
        cmocka_unit_test_setup_teardown(past, setup, teardown),
        cmocka_unit_test_setup_teardown(limits, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
