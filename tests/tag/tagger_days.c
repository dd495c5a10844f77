/* SPDX-License-Identifier: Apache-2.0
 * Twelve simulated days of a scene, a frame a second, with known truth: two to learn, ten to count. Noise
 * correlated over 3 s and over half an hour, a daily drift, nights that look different to some tags, heavy
 * tails, a part common to all cosines, and things that come into view for a minute, also while learning. */
#include "support/test.h"
#include "noise.h"
#include "tag/tagger.h"

#include <string.h>

enum { TAGS = 4, SIZE = 6, DAY_S = 86400, LEARN = 2, DAYS = 12, VIEW_S = 60, ASKED = 10 };

/* Axes 0..3 are the tags, 4 is a prompt against the second, 5 takes the rest of the length. */
static float axes[SIZE][SIZE];
static const char *const against[] = {"an empty yard"};

struct stream {
    double fast, slow; /* AR(1), standard deviation 1 */
    int view;          /* seconds that the thing stays in view; 0: it is not */
    bool found;
};

struct tally {
    int wrong[TAGS], seen[TAGS], found[TAGS];
};

static const struct tagger_tag tags[TAGS] = {
    {.name = "alone", .key = "0", .vector = axes[0]}, /* heavy tails, a cosine without rivals */
    {.name = "against",
     .key = "1",
     .vector = axes[1],
     .against = axes[4],
     .against_texts = against,
     .against_count = 1},
    {.name = "one", .key = "2", .vector = axes[2], .group = "group"},
    {.name = "two", .key = "3", .vector = axes[3], .group = "group"},
};

static struct tagger *start(void) {
    struct tagger_tag with_rules[TAGS];
    struct tagger_set set = {.tags = with_rules, .count = TAGS, .size = SIZE, .logit_scale = 100, .model = "simulated"};
    const struct ini_place at = {"x.ini", 1};
    struct rules none = rules_none();
    struct tagger *t;
    for (int i = 0; i < SIZE; i++) axes[i][i] = 1;
    for (int i = 0; i < TAGS; i++) {
        with_rules[i] = tags[i];
        with_rules[i].rules = rules_none();
        assert_int_equal(rules_take(&with_rules[i].rules, &at, RULE_FALSE_ALARMS, "10"), 0);
        rules_complete(&with_rules[i].rules, &none);
    }
    assert_int_equal(tagger_create(&t, &set), 0);
    return t;
}

/* In standard deviations of the noise of a second. */
static double step_stream(struct stream *s, bool heavy, double hour, double *views) {
    static const double fast = 0.71653, slow = 0.99944; /* exp(-1 / 3), exp(-1 / 1800) */
    s->fast = noise_follow(s->fast, fast, heavy ? noise_heavy() : noise_normal());
    s->slow = noise_follow(s->slow, slow, noise_normal());
    if (s->view > 0)
        s->view--;
    else if (noise_uniform() < *views)
        s->view = VIEW_S, s->found = false;
    return 0.8 * s->fast + 0.4 * s->slow + 0.4 * sin(hour / 24 * 2 * 3.14159265) + (s->view ? 8 : 0);
}

static void embed(struct stream streams[TAGS], double hour, bool night, float *embedding) {
    double views = 3.0 / DAY_S; /* a thing in view three times a day */
    double common = 0.02 * sin(hour), rest = 1;
    for (int i = 0; i < TAGS; i++) embedding[i] = (float)(0.2 + 0.01 * step_stream(&streams[i], i == 0, hour, &views));
    if (night) embedding[0] += 0.03f; /* other at night; the rest is not */
    embedding[4] = (float)(0.21 + 0.005 * noise_normal());
    for (int i = 1; i < 5; i++) embedding[i] += (float)common;
    for (int i = 0; i < 5; i++) rest -= (double)embedding[i] * (double)embedding[i];
    embedding[5] = (float)sqrt(rest);
}

static void judge(const struct tagger_event *e, struct stream streams[TAGS], bool counts, struct tally *tally) {
    for (int i = 0; i < TAGS; i++) {
        if (e->state != TAGGER_ON || strcmp(e->tag, tags[i].name)) continue;
        if (streams[i].view)
            streams[i].found = true;
        else if (counts)
            tally->wrong[i]++;
    }
}

static void live(struct tagger *t, struct tally *tally) {
    struct stream streams[TAGS] = {0};
    for (int second = 0; second < DAYS * DAY_S; second++) {
        const struct tagger_event *events;
        double hour = second % DAY_S / 3600.0;
        bool night = hour < 6 || hour >= 20, counts = second >= LEARN * DAY_S;
        float embedding[SIZE];
        embed(streams, hour, night, embedding);
        struct tagger_frame frame = {embedding, (int64_t)second * 1000, (uint64_t)second, night ? 0.1f : 0.5f};
        size_t count = tagger_step(t, &frame, &events);
        for (size_t i = 0; i < count; i++) judge(&events[i], streams, counts, tally);
        for (int i = 0; i < TAGS; i++)
            if (counts && streams[i].view == 1) tally->seen[i]++, tally->found[i] += streams[i].found;
    }
}

static void false_alarms_as_asked(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= (test_is_long() ? 3 : 1); seed++) {
        struct tally tally = {0};
        struct tagger_status first;
        noise_state = seed * 7919;
        struct tagger *t = start();
        live(t, &tally);
        for (int i = 0; i < TAGS; i++) {
            int asked = ASKED * (DAYS - LEARN);
            print_message("seed %d, %s: %d false alarms of %d asked, %d of %d found\n", (int)seed, tags[i].name,
                          tally.wrong[i], asked, tally.found[i], tally.seen[i]);
            assert_in_range(tally.wrong[i], asked / 2, 2 * asked);
            assert_true(tally.seen[i] >= 10 && tally.found[i] >= 0.95 * tally.seen[i]);
        }
        tagger_get(t, 0, &first);
        assert_true(first.day_night_apart);
        tagger_destroy(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(false_alarms_as_asked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
