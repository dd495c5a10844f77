/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "support/heard.h"
#include "base/clock.h"
#include "noise.h"
#include "tag/starter.h"
#include "tag/tagger.h"

#include <stdlib.h>

enum { SIZE = 8, MOST = 4 };

static float axes[SIZE][SIZE];
static const char *const against_texts[] = {"an empty yard", "a wall"};
static struct tagger_tag tags[MOST];
static struct tagger_set set;
static struct tagger *t;
static const struct tagger_event *events;
static uint64_t sequence;

/* Tags along the axes with on = 0.1, off = 0.05, no smoothing, no minimum times. */
static int setup(void **state) {
    (void)state;
    static const char *const names[MOST] = {"a", "b", "c", "d"};
    listen();
    noise_state = 1, sequence = 0;
    for (int i = 0; i < SIZE; i++) axes[i][i] = 1;
    for (int i = 0; i < MOST; i++) {
        tags[i] = (struct tagger_tag){
            .name = names[i], .key = names[i], .vector = axes[i], .rules = {{0.1, 0.05, 1, 0, 0, 0}}};
    }
    set = (struct tagger_set){
        .tags = tags, .count = MOST, .size = SIZE, .logit_scale = 100, .version = 7, .model = "a model"};
    return 0;
}

static int teardown(void **state) {
    (void)state;
    tagger_destroy(&t);
    tagger_destroy(&t);
    tagger_destroy(NULL);
    return 0;
}

static void create(void) {
    assert_int_equal(tagger_create(&t, &set), OCELLI_OK);
}

/* A frame with these cosines to axes 0..3 and these to 4, 5 (prompts against). */
static size_t step(int64_t ms, const float cosines[MOST], float against) {
    float e[SIZE] = {cosines[0], cosines[1], cosines[2], cosines[3], against};
    double rest = 1;
    for (int i = 0; i < 5; i++) rest -= (double)e[i] * (double)e[i];
    e[7] = (float)sqrt(rest);
    return tagger_step(t, &(struct tagger_frame){e, ms, ++sequence, 0.5f}, &events);
}

static enum tagger_state state_of(size_t index) {
    struct tagger_status s;
    tagger_get(t, index, &s);
    return s.state;
}

static void only_changes(void **state) {
    (void)state;
    create();
    for (size_t i = 0; i < 4; i++) assert_int_equal(state_of(i), TAGGER_UNKNOWN);
    assert_int_equal(step(0, (float[]){0.09f, 0, 0, 0}, 0), 0);
    assert_int_equal(step(1000, (float[]){0.11f, 0, 0, 0}, 0), 1);
    assert_string_equal(events[0].tag, "a");
    assert_int_equal(events[0].state, TAGGER_ON);
    assert_int_equal(events[0].sequence, 2);
    assert_int_equal(events[0].time_ms, 1000);
    assert_int_equal(events[0].version, 7);
    assert_string_equal(events[0].model, "a model");
    assert_null(events[0].group);
    assert_null(events[0].why.runner_up);
    assert_true(fabsf(events[0].why.margin - 0.11f) < 1e-6f && fabsf(events[0].why.cosine - 0.11f) < 1e-6f);
    assert_true(fabsf(events[0].why.score - 0.731059f) < 1e-4f); /* sigmoid(100 * 0.01) */
    assert_true(isnan(events[0].why.percentile));
    assert_int_equal(step(2000, (float[]){0.06f, 0, 0, 0}, 0), 0);
    assert_int_equal(step(3000, (float[]){0.04f, 0, 0, 0.2f}, 0), 2);
    assert_int_equal(events[0].state, TAGGER_OFF);
    assert_string_equal(events[1].tag, "d");
    struct tagger_status s;
    tagger_get(t, 3, &s);
    assert_true(s.state == TAGGER_ON && s.since_ms == 3000);
    tagger_get(t, 1, &s);
    assert_true(s.state == TAGGER_OFF && s.since_ms == 0);
}

static void against(void **state) {
    (void)state;
    float both[2][SIZE] = {{[4] = 1}, {[5] = 1}};
    tags[0].against = both[0], tags[0].against_count = 2, tags[0].against_texts = against_texts;
    create();
    memset(both, 0, sizeof both); /* copied */
    assert_int_equal(step(0, (float[]){0.3f, 0, 0, 0}, 0.25f), 0);
    assert_int_equal(step(1, (float[]){0.3f, 0, 0, 0}, 0.15f), 1);
    assert_string_equal(events[0].why.runner_up, "an empty yard");
    assert_true(fabsf(events[0].why.runner_up_cosine - 0.15f) < 1e-6f && fabsf(events[0].why.margin - 0.15f) < 1e-6f);
}

static void join(int first, int count) {
    for (int i = first; i < first + count; i++) tags[i].group = "door";
}

static void groups(void **state) {
    (void)state;
    join(0, 3);
    create();
    assert_null(tagger_group(t, "door"));
    assert_null(tagger_group(t, "no such"));
    assert_int_equal(step(0, (float[]){0.3f, 0.25f, 0, 0}, 0), 0); /* it fits best, but not by 0.1 */
    assert_int_equal(step(1, (float[]){0.3f, 0.1f, 0, 0}, 0), 1);
    assert_string_equal(events[0].why.runner_up, "b");
    assert_string_equal(tagger_group(t, "door"), "a");
    assert_int_equal(step(2, (float[]){0.1f, 0.3f, 0, 0}, 0), 2); /* one goes, the next comes: never unknown */
    assert_true(events[0].state == TAGGER_OFF && !strcmp(events[0].tag, "a"));
    assert_true(events[1].state == TAGGER_ON && !strcmp(events[1].tag, "b"));
    assert_int_equal(step(3, (float[]){0.1f, 0.1f, 0, 0}, 0), 2);
    assert_true(events[0].state == TAGGER_OFF && events[1].state == TAGGER_UNKNOWN);
    assert_null(events[1].tag);
    assert_string_equal(events[1].group, "door");
    assert_null(tagger_group(t, "door"));
}

/* At most one, whatever the margins do: thresholds so low that several want to be on. */
static void groups_exclude(void **state) {
    (void)state;
    join(0, 4);
    for (int i = 0; i < MOST; i++) tags[i].rules.value[RULE_ON] = -0.05, tags[i].rules.value[RULE_OFF] = -0.1;
    tags[1].rules.value[RULE_MIN_ON] = 3;
    create();
    int changes = 0;
    for (int frame = 0; frame < 5000; frame++) {
        float cosines[MOST];
        int on = 0;
        for (int i = 0; i < MOST; i++) cosines[i] = (float)(0.2 + 0.1 * noise_uniform());
        changes += (int)step(frame * 500, cosines, 0);
        for (size_t i = 0; i < MOST; i++) {
            struct tagger_status s;
            tagger_get(t, i, &s);
            on += s.state == TAGGER_ON;
        }
        assert_true(on <= 1);
    }
    assert_true(changes > 100);
}

static void overtaken_only_after_its_time(void **state) {
    (void)state;
    join(0, 2);
    for (int i = 0; i < 2; i++) tags[i].rules.value[RULE_MIN_ON] = 5;
    create();
    assert_int_equal(step(0, (float[]){0.3f, 0.1f, 0, 0}, 0), 1);
    assert_int_equal(step(4999, (float[]){0.1f, 0.3f, 0, 0}, 0), 0);
    assert_int_equal(step(5000, (float[]){0.1f, 0.3f, 0, 0}, 0), 2);
}

static void smoothing(void **state) {
    (void)state;
    tags[0].rules.value[RULE_SMOOTH] = 2;
    create();
    assert_int_equal(step(0, (float[]){0, 0, 0, 0}, 0), 0);
    assert_int_equal(step(100, (float[]){0.5f, 0, 0, 0}, 0), 0); /* a flash */
    assert_int_equal(step(200, (float[]){0, 0, 0, 0}, 0), 0);
    int64_t ms = 200;
    while (step(ms += 100, (float[]){0.5f, 0, 0, 0}, 0) == 0) assert_true(ms < 1000);
    assert_true(ms > 400);
}

static void odd_frames(void **state) {
    (void)state;
    float broken[SIZE] = {NAN, 1};
    create();
    step(0, (float[]){0.2f, 0, 0, 0}, 0);
    assert_int_equal(tagger_step(t, &(struct tagger_frame){broken, 1, 1, NAN}, &events), 0);
    assert_int_equal(step(-100000, (float[]){0.2f, 0, 0, 0}, 0), 0); /* the clock went back */
    assert_int_equal(step(INT64_MAX / 2, (float[]){0, 0, 0, 0}, 0), 1);
}

static void empty_set(void **state) {
    (void)state;
    set.count = 0;
    create();
    assert_int_equal(step(0, (float[]){1, 0, 0, 0}, 0), 0);
    assert_int_equal(tagger_count(t), 0);
}

static void name_twice(void **state) {
    (void)state;
    tags[2].name = "a";
    assert_int_equal(tagger_create(&t, &set), OCELLI_ERR_USAGE);
    assert_null(t);
    assert_int_equal(heard.lines, 1);
}

/* ---- replacing ---- */

/* How many events it gave. */
static size_t replace(void) {
    size_t count = 99;
    assert_int_equal(tagger_replace(t, &set, &events, &count), OCELLI_OK);
    return count;
}

/* A text, or none where the other is NULL. */
static bool same(const char *a, const char *b) {
    return a == b || (a && b && !strcmp(a, b));
}

static void check_left(size_t i, enum tagger_state state, const char *tag, const char *group) {
    assert_int_equal(events[i].state, state);
    assert_true(events[i].edited && same(events[i].tag, tag) && same(events[i].group, group));
    assert_true(events[i].version == set.version && events[i].sequence == sequence &&
                !strcmp(events[i].model, "a model"));
}

static void replace_keeps_what_is_the_same(void **state) {
    (void)state;
    struct tagger_tag others[2];
    create();
    step(0, (float[]){0.2f, 0.2f, 0.2f, 0}, 0);
    others[0] = tags[2], others[1] = tags[0];
    others[1].key = "other prompts";
    set.tags = others, set.count = 2;
    assert_int_equal(replace(), 2); /* a means something else, b is gone */
    check_left(0, TAGGER_OFF, "a", NULL);
    check_left(1, TAGGER_OFF, "b", NULL);
    struct tagger_status s;
    tagger_get(t, 0, &s);
    assert_true(s.state == TAGGER_ON && !strcmp(s.tag, "c"));
    tagger_get(t, 1, &s);
    assert_true(s.state == TAGGER_UNKNOWN && !strcmp(s.tag, "a"));     /* no frame was judged with it yet */
    assert_int_equal(step(100, (float[]){0.2f, 0.2f, 0.2f, 0}, 0), 1); /* a anew; c was on */
}

static void replace_into_a_group(void **state) {
    (void)state;
    create();
    step(0, (float[]){0.2f, 0.2f, 0, 0}, 0);
    join(0, 2);
    assert_int_equal(replace(), 2);
    check_left(0, TAGGER_OFF, "a", NULL);
    check_left(1, TAGGER_OFF, "b", NULL);
    assert_null(tagger_group(t, "door"));
    assert_int_equal(step(1, (float[]){0.4f, 0.2f, 0, 0}, 0), 1);
    size_t count = 9;
    tags[1].name = "a";
    assert_int_equal(tagger_replace(t, &set, &events, &count), OCELLI_ERR_USAGE);
    assert_int_equal(count, 0);
    assert_string_equal(tagger_group(t, "door"), "a"); /* the old set stays */
}

/* A group's answer ends with the tag that gave it. */
static void replace_leaves_a_group_unknown(void **state) {
    (void)state;
    join(0, 3);
    create();
    assert_int_equal(step(7000, (float[]){0.3f, 0.1f, 0, 0}, 0), 1);
    assert_false(events[0].edited);
    set.version = 8;
    assert_int_equal(replace(), 0); /* the same tags */
    assert_int_equal(step(7000, (float[]){0.3f, 0.1f, 0, 0}, 0), 0);
    tags[0].group = NULL;
    assert_int_equal(replace(), 1); /* a stays on by itself */
    check_left(0, TAGGER_UNKNOWN, NULL, "door");
    assert_int_equal(events[0].time_ms, 7000);
    assert_true(fabsf(events[0].why.margin - 0.2f) < 1e-6f && !strcmp(events[0].why.runner_up, "b"));
    assert_int_equal(state_of(0), TAGGER_ON);
    tags[0].group = "door";
    assert_int_equal(replace(), 1);
    check_left(0, TAGGER_OFF, "a", NULL);
    assert_int_equal(step(7001, (float[]){0.1f, 0.3f, 0, 0}, 0), 1); /* b */
    tags[1].key = "other prompts";
    assert_int_equal(replace(), 2);
    check_left(0, TAGGER_OFF, "b", "door");
    check_left(1, TAGGER_UNKNOWN, NULL, "door");
    assert_int_equal(step(7002, (float[]){0.1f, 0.3f, 0, 0}, 0), 1);
    set.count = 0;
    assert_int_equal(replace(), 2); /* also of a group that is gone */
    check_left(0, TAGGER_OFF, "b", "door");
    check_left(1, TAGGER_UNKNOWN, NULL, "door");
    assert_int_equal(replace(), 0);
}

/* ---- learning ---- */

static void learn(int seconds) {
    for (int i = 0; i < seconds; i++) {
        float cosines[MOST];
        for (int k = 0; k < MOST; k++) cosines[k] = (float)(0.2 + 0.01 * noise_normal());
        step((int64_t)++sequence * 1000, cosines, 0);
    }
}

static void learns(void **state) {
    (void)state;
    tags[0].rules.value[RULE_ON] = tags[0].rules.value[RULE_OFF] = NAN;
    tags[1].rules.value[RULE_ON] = 0.3, tags[1].rules.value[RULE_OFF] = NAN; /* fixed on, off a gap below */
    create();
    learn(1000);
    assert_int_equal(state_of(0), TAGGER_LEARNING);
    learn(3600);
    assert_int_equal(state_of(0), TAGGER_OFF);
    struct tagger_status s;
    tagger_get(t, 0, &s);
    assert_true(s.why.on > 0.225f && s.why.on < 0.3f && s.why.off < s.why.on);
    assert_true(s.why.percentile >= 0 && s.why.percentile <= 100 && s.learnt_days > 0.02);
    tagger_get(t, 1, &s);
    assert_true(s.why.on == 0.3f && s.why.off > 0.29f && s.why.off < 0.299f);
    set.count = 1;
    assert_int_equal(replace(), 2); /* c and d were on; what a learnt stays */
    assert_int_equal(state_of(0), TAGGER_OFF);
    tags[0].rules.value[RULE_SMOOTH] = 9; /* margins of another kind */
    assert_int_equal(replace(), 0);
    assert_int_equal(state_of(0), TAGGER_LEARNING);
}

static void saves_and_restores(void **state) {
    (void)state;
    uint8_t *bytes;
    size_t size, taken = 9;
    for (int i = 0; i < MOST; i++) tags[i].rules.value[RULE_ON] = tags[i].rules.value[RULE_OFF] = NAN;
    create();
    learn(4000);
    assert_int_equal(tagger_save(t, &bytes, &size), OCELLI_OK);
    tagger_destroy(&t);
    tags[3].key = "other prompts";
    create();
    assert_int_equal(tagger_restore(t, bytes, size, "state", &taken), OCELLI_OK);
    assert_int_equal(taken, 3);
    assert_false(tagger_is_learning(t, 0));
    assert_true(tagger_is_learning(t, 3));
    tagger_destroy(&t);
    set.model_key = "the bytes of another model of that name"; /* whose margins are others */
    create();
    assert_int_equal(tagger_restore(t, bytes, size, "state", &taken), OCELLI_OK);
    assert_int_equal(taken, 0);
    set.model_key = NULL;
    tagger_destroy(&t);
    create();
    for (size_t cut = 0; cut < size; cut += cut < 64 ? 1 : 4001)
        assert_int_equal(tagger_restore(t, bytes, cut, "state", &taken), OCELLI_ERR_FILE);
    assert_int_equal(taken, 0);
    bytes[size / 2] ^= 1;
    heard.lines = 0;
    assert_int_equal(tagger_restore(t, bytes, size, "state", NULL), OCELLI_ERR_FILE);
    assert_string_equal(heard.text, "state: damaged: remove it, and the tags learn anew");
    assert_int_equal(heard.lines, 1);
    free(bytes);
}

/* What is learnt against the same rivals is the same, in whatever order they stand; with another rival it is another.
 */
static void rivals_in_any_order(void **state) {
    (void)state;
    uint8_t *bytes;
    size_t size, taken;
    join(0, 4);
    create();
    assert_int_equal(tagger_save(t, &bytes, &size), OCELLI_OK);
    struct tagger_tag others[MOST] = {tags[2], tags[0], tags[3], tags[1]};
    set.tags = others;
    assert_int_equal(replace(), 0);
    assert_int_equal(tagger_restore(t, bytes, size, "state", &taken), OCELLI_OK);
    assert_int_equal(taken, 4);
    others[3].key = "other prompts";
    assert_int_equal(replace(), 0);
    assert_int_equal(tagger_restore(t, bytes, size, "state", &taken), OCELLI_OK);
    assert_int_equal(taken, 0);
    free(bytes);
}

enum { MANY = 4096 };

/* The best of the others, the first of equals, as comparing all with all finds it. */
static size_t best_rival(const float *cosines, size_t of) {
    size_t best = of == 0;
    for (size_t i = 0; i < MANY; i++)
        if (i != of && i != best && cosines[i] > cosines[best]) best = i;
    return best;
}

/* The most tags that a file may have, all in one group: in seconds each pair was hashed. */
static void many_in_one_group(void **state) {
    (void)state;
    struct tagger_tag *many = calloc(MANY, sizeof *many);
    float(*vectors)[SIZE] = calloc(MANY, sizeof *vectors), cosines[MANY];
    char(*names)[16] = calloc(MANY, sizeof *names);
    assert_true(many && vectors && names);
    for (int i = 0; i < MANY; i++) {
        double angle = i % 1000 * 0.0015; /* some are the same */
        vectors[i][0] = (float)cos(angle), vectors[i][1] = (float)sin(angle);
        snprintf(names[i], sizeof names[i], "tag %d", i);
        many[i] = (struct tagger_tag){names[i], "group", names[i], vectors[i], NULL, NULL, 0, tags[0].rules};
    }
    set.tags = many, set.count = MANY;
    double began = clock_ms();
    create();
    float picture[SIZE] = {cosf(0.7f), sinf(0.7f)};
    tagger_step(t, &(struct tagger_frame){picture, 1, 1, 0.5f}, &events);
    many[7].rules.value[RULE_MIN_ON] = 3;
    replace();
    tagger_step(t, &(struct tagger_frame){picture, 100, 2, 0.5f}, &events);
    assert_true(clock_ms() - began < 8000); /* seconds of slack; it took half a minute and more */
    struct tagger_status s;
    for (size_t i = 0; i < MANY; i++) tagger_get(t, i, &s), cosines[i] = s.why.cosine;
    for (size_t i = 0; i < MANY; i++) {
        tagger_get(t, i, &s);
        assert_string_equal(s.why.runner_up, names[best_rival(cosines, i)]);
    }
    free(many), free(vectors), free(names);
}

/* All thresholds are due in the same frame: they are made in turns, and all of them are. */
static void many_learn_in_turns(void **state) {
    (void)state;
    static char names[200][8];
    static struct tagger_tag many[200];
    for (int i = 0; i < 200; i++) {
        snprintf(names[i], sizeof names[i], "%d", i);
        many[i] = (struct tagger_tag){names[i], NULL, names[i], axes[i % 4], NULL, NULL, 0, {{NAN, NAN, 1, 0, 0, 0}}};
    }
    set.tags = many, set.count = 200;
    create();
    learn(4200);
    struct tagger_status s;
    for (size_t i = 0; i < 200; i++) {
        tagger_get(t, i, &s);
        assert_true(s.state != TAGGER_LEARNING && s.learnt_days > 0.04);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- the starter rule ---- */

/* Distractors: two along axes 4 and 5, and six that no frame comes near. */
static float everyday[8][SIZE];
static const char *const everyday_texts[] = {"a yard", "a wall", "e2", "e3", "e4", "e5", "e6", "e7"};

static void with_distractors(void) {
    memset(everyday, 0, sizeof everyday);
    for (int i = 0; i < 8; i++) everyday[i][i < 2 ? 4 + i : 6] = 1;
    set.distractors = everyday[0], set.distractor_texts = everyday_texts, set.distractor_count = 8;
    for (int i = 0; i < MOST; i++) tags[i].rules.value[RULE_ON] = tags[i].rules.value[RULE_OFF] = NAN;
}

static struct tagger_status status_of(size_t index) {
    struct tagger_status s;
    tagger_get(t, index, &s);
    return s;
}

static void starter_decides(void **state) {
    (void)state;
    with_distractors();
    tags[1].rules.value[RULE_ON] = 0.2, tags[1].rules.value[RULE_OFF] = 0.1;
    tags[2].has_examples = true;
    create();
    assert_true(status_of(0).state == TAGGER_UNKNOWN && isnan(status_of(0).why.on) &&
                status_of(0).why.threshold == TAGGER_STARTER);
    /* One distractor has a cosine of 0.1, seven have 0: their mean is 0.0125, the spread 0.033, anything else at 0.095.
     */
    assert_int_equal(step(0, (float[]){0.12f, 0.3f, 0.3f, 0}, 0.1f), 1);
    assert_true(!strcmp(events[0].tag, "b") && events[0].why.threshold == TAGGER_FIXED && !events[0].why.runner_up);
    struct tagger_status s = status_of(0);
    assert_true(s.state == TAGGER_OFF && s.learning && s.why.score < 0.5f && s.why.score > 0);
    assert_true(!strcmp(s.why.runner_up, "a yard") && fabsf(s.why.runner_up_cosine - 0.1f) < 1e-6f);
    assert_true(fabsf(s.why.margin - 0.12f) < 1e-6f); /* as ever: without rivals the cosine */
    assert_true(fabsf(s.why.on - (0.1f + 0.75f * 0.03307f)) < 1e-4f &&
                fabsf(s.why.off - (0.1f + 0.25f * 0.03307f)) < 1e-4f);
    assert_true(status_of(2).state == TAGGER_LEARNING &&
                status_of(2).why.threshold == TAGGER_NONE); /* pictures, not texts */
    assert_int_equal(step(1, (float[]){0.2f, 0.3f, 0, 0}, 0.1f), 1);
    assert_true(events[0].state == TAGGER_ON && events[0].why.threshold == TAGGER_STARTER &&
                events[0].why.margin >= events[0].why.on);
    assert_int_equal(step(2, (float[]){0.05f, 0.3f, 0, 0}, 0.02f), 1);
    assert_true(events[0].state == TAGGER_OFF && events[0].why.margin < events[0].why.off);
    assert_true(tagger_is_learning(t, 0) && !tagger_is_learning(t, 1) && tagger_is_learning(t, 2));
}

/* A distractor that says the same as the tag is no rival of it. */
static void starter_of_a_distractor(void **state) {
    (void)state;
    with_distractors();
    memcpy(everyday[0], axes[0], sizeof axes[0]);
    create();
    step(0, (float[]){0.3f, 0.1f, 0, 0}, 0);
    assert_string_equal(status_of(0).why.runner_up, STARTER_ANYTHING_ELSE);
    assert_string_equal(status_of(1).why.runner_up, "a yard"); /* of another tag it is one */
}

/* The only other member does not make the nearest of two the one that is shown. */
static void starter_of_a_group(void **state) {
    (void)state;
    with_distractors();
    join(0, 2);
    create();
    assert_int_equal(step(0, (float[]){0.15f, 0.05f, 0, 0}, 0.3f), 0);
    assert_string_equal(status_of(0).why.runner_up, "a yard");
    assert_int_equal(step(1, (float[]){0.3f, 0.28f, 0, 0}, 0.1f), 0);
    assert_string_equal(status_of(0).why.runner_up, "b");
    assert_int_equal(step(2, (float[]){0.3f, 0.15f, 0, 0}, 0.1f), 1);
    assert_string_equal(tagger_group(t, "door"), "a");
}

/* Frames up to a time, in which tag a has about that cosine. Gives how often its state or the side of its score became
 * another one in the frame in which its rule did. */
static int go_on(int64_t *ms, int64_t until_ms, double cosine) {
    int flips = 0;
    for (; *ms < until_ms; *ms += 1000) {
        struct tagger_status before = status_of(0);
        step(*ms, (float[]){(float)(cosine + 0.005 * noise_normal()), 0, 0, 0}, (float)(0.1 + 0.002 * noise_normal()));
        struct tagger_status s = status_of(0);
        if (s.why.threshold == before.why.threshold) continue;
        flips += s.state != before.state || (s.why.score >= 0.5f) != (before.why.score >= 0.5f);
    }
    return flips;
}

static void save_and_restore(void) {
    uint8_t *bytes;
    size_t size, taken;
    assert_int_equal(tagger_save(t, &bytes, &size), 0);
    tagger_destroy(&t);
    create();
    assert_int_equal(tagger_restore(t, bytes, size, "x", &taken), 0);
    free(bytes);
}

static void restart(int64_t ms) {
    save_and_restore();
    assert_int_equal(go_on(&ms, ms + 1000, 0.1), 0);
    assert_int_equal(status_of(0).why.threshold, TAGGER_LEARNT);
}

static void learnt_without_a_jump(void **state) {
    (void)state;
    static const struct {
        double first, later;           /* cosine up to 3590 s, and then; learnt after 3600 s */
        enum tagger_state then;        /* from 3590 s on */
        enum tagger_threshold decides; /* once it is learnt */
    } cases[] = {
        {0.1, 0.1, TAGGER_OFF, TAGGER_LEARNT},
        {0.1, 0.5, TAGGER_ON, TAGGER_LEARNT},  /* the learnt threshold says so too */
        {0.2, 0.2, TAGGER_ON, TAGGER_STARTER}, /* it does not, as the scene was so all the time: on until it goes */
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        int64_t ms = 0;
        with_distractors();
        create();
        int flips = go_on(&ms, 3590000, cases[k].first);
        assert_int_equal(status_of(0).why.threshold, TAGGER_STARTER);
        flips += go_on(&ms, 3594000, cases[k].later);
        assert_true(status_of(0).state == cases[k].then && status_of(0).learning);
        while (ms < 5400000) {
            flips += go_on(&ms, ms + 1000, cases[k].later);
            assert_int_equal(status_of(0).state, cases[k].then);
        }
        assert_false(status_of(0).learning);
        assert_int_equal(status_of(0).why.threshold, cases[k].decides);
        flips += go_on(&ms, 5460000, 0.05);
        assert_true(status_of(0).state == TAGGER_OFF && status_of(0).why.threshold == TAGGER_LEARNT);
        assert_int_equal(flips, 0);
        restart(ms);
        tagger_destroy(&t);
    }
}

/* What was learnt before the restart is no threshold yet: the one that comes of it later flips nothing either. */
static void restart_while_it_learns(void **state) {
    (void)state;
    int64_t ms = 0;
    with_distractors();
    create();
    int flips = go_on(&ms, 1800000, 0.2);
    save_and_restore();
    flips += go_on(&ms, 1801000, 0.2);
    assert_true(status_of(0).state == TAGGER_ON && status_of(0).why.threshold == TAGGER_STARTER);
    while (ms < 5400000) {
        flips += go_on(&ms, ms + 1000, 0.2);
        assert_int_equal(status_of(0).state, TAGGER_ON);
    }
    assert_false(status_of(0).learning);
    flips += go_on(&ms, 5460000, 0.05);
    assert_true(status_of(0).state == TAGGER_OFF && status_of(0).why.threshold == TAGGER_LEARNT);
    assert_int_equal(flips, 0);
}

/* An edit of another tag leaves it as it was. */
static void starter_outlives_an_edit(void **state) {
    (void)state;
    with_distractors();
    create();
    assert_int_equal(step(0, (float[]){0.3f, 0, 0, 0}, 0.1f), 1);
    size_t count;
    set.count = 3;
    assert_int_equal(tagger_replace(t, &set, &events, &count), 0);
    assert_int_equal(count, 0);
    assert_true(status_of(0).state == TAGGER_ON && status_of(0).why.threshold == TAGGER_STARTER);
    assert_int_equal(step(1, (float[]){0.3f, 0, 0, 0}, 0.1f), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(only_changes),
        TEST(against),
        TEST(groups),
        TEST(groups_exclude),
        TEST(overtaken_only_after_its_time),
        TEST(smoothing),
        TEST(odd_frames),
        TEST(empty_set),
        TEST(name_twice),
        TEST(replace_keeps_what_is_the_same),
        TEST(replace_into_a_group),
        TEST(replace_leaves_a_group_unknown),
        TEST(learns),
        TEST(saves_and_restores),
        TEST(rivals_in_any_order),
        TEST(many_in_one_group),
        TEST(many_learn_in_turns),
        TEST(starter_decides),
        TEST(starter_of_a_distractor),
        TEST(starter_of_a_group),
        TEST(learnt_without_a_jump),
        TEST(restart_while_it_learns),
        TEST(starter_outlives_an_edit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
