/* SPDX-License-Identifier: Apache-2.0
 * The model's thread, given frames by the eye as in the daemon: the demo model, a folder of pictures. */
#include "live/brain.h"
#include "base/clock.h"
#include "demo.h"
#include "live/eye.h"
#include "support/gpu.h"
#include "support/heard.h"
#include "support/test.h"

#include <unistd.h>

static struct meter meter;
static struct event_queue events;
static struct brain brain;
static struct eye eye;
static struct live_config config;
static char *seen;
static int shown;

static const char rules[] = "[templates]\ntemplate = a photo of a {}.\ntemplate = {}\n"
                            "[defaults]\non = 0.05\noff = 0.05\nsmooth = 0\nmin_on = 0\nmin_off = 0\n";

/* An ini that watches the folder `seen`, with these tags. */
static void parse(struct live_config *c, const char *tags) {
    char ini[4096];
    int n =
        snprintf(ini, sizeof ini, "[run]\nrate = 0\nmotion = 0\n[source]\nuri = files:%s\nevery = yes\n%s%s", seen, rules, tags);
    assert_int_equal(config_parse(c, ini, (size_t)n, "ocelli.ini"), OCELLI_OK);
}

static struct vectors *vectors_of(struct live_config *c) {
    struct vectors *v;
    assert_int_equal(vectors_create(&v, &c->tags, "ocelli.ini"), OCELLI_OK);
    return v;
}

static int setup(void **state) {
    (void)state;
    seen = checkpoint_folder();
    shown = 0;
    listen();
    meter_init(&meter);
    parse(&config, "[tag cat]\ngroup = things\n[tag pizza]\ngroup = things\n");
    assert_int_equal(event_queue_init(&events), OCELLI_OK);
    assert_int_equal(brain_open(&brain, &(struct ocelli_params){.model = demo_blob}, &meter, &events), OCELLI_OK);
    struct vectors *v = vectors_of(&config);
    assert_int_equal(brain_prepare(&brain, &v), OCELLI_OK);
    assert_true(!v && brain.prepared);
    assert_int_equal(eye_open(&eye, &config, &brain, &meter), OCELLI_OK);
    assert_int_equal(brain_start(&brain), OCELLI_OK);
    assert_int_equal(eye_start(&eye), OCELLI_OK);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    eye_stop(&eye);
    assert_true(brain_stop(&brain, 20000));
    eye_finish(&eye);
    brain_finish(&brain);
    event_queue_finish(&events);
    config_finish(&config);
    meter_finish(&meter);
    checkpoint_remove(seen);
    return 0;
}

static void show(const char *picture) {
    char aside[1024], name[1024];
    size_t size;
    char *bytes = checkpoint_get(demo_picture(picture), &size);
    checkpoint_put(seen, "landing", bytes, size);
    free(bytes);
    snprintf(aside, sizeof aside, "%s/landing", seen);
    snprintf(name, sizeof name, "%s/%s-%d.png", seen, picture, ++shown);
    assert_int_equal(rename(aside, name), 0);
}

/* The next event, within 20 s. */
static struct live_event *next(void) {
    static struct live_event e;
    double until = clock_ms() + 20000;
    while (!event_take(&events, &e) && clock_ms() < until) usleep(1000);
    assert_true(clock_ms() < until);
    return &e;
}

static void expect(enum tagger_state state, const char *tag, bool edited) {
    struct live_event *e = next();
    assert_int_equal(e->state, state);
    assert_string_equal(e->tag, tag);
    assert_int_equal(e->edited, edited);
}

static struct live_status status(void) {
    struct live_status s = {0};
    meter_read(&meter, &s);
    brain_status(&brain, &s);
    eye_status(&eye, &s);
    return s;
}

static void wait_pictures(uint64_t count) {
    double until = clock_ms() + 20000;
    while (meter_get(&meter, METER_PICTURES) < count && clock_ms() < until) usleep(1000);
    assert_int_equal(meter_get(&meter, METER_PICTURES), count);
}

static void test_events(void **state) {
    (void)state;
    assert_false(status().any);
    show("cat");
    expect(TAGGER_ON, "cat", false);
    show("pizza");
    expect(TAGGER_OFF, "cat", false);
    struct live_event *e = next();
    assert_true(e->state == TAGGER_ON && !strcmp(e->tag, "pizza") && !strcmp(e->group, "things"));
    assert_true(e->frame == 1 && e->gpu_ns > 0 && e->captured_ns > 0 && e->version == brain.version);
    wait_pictures(2);
    struct live_status s = status();
    assert_true(s.any && s.sequence == 1 && s.tags == 2 && s.tags_on == 1 && s.device_open && s.source_open && !s.embedding);
    assert_true(s.gpu_bytes > 1 << 20 && s.counts[METER_FRAMES] == 2 && s.median_ms[METER_GPU] > 0);
    assert_true(s.median_ms[METER_BEYOND] >= 0 && brain_usual_ns(&brain) > 0);
}

/* The old tags answer until all of the new are there; one that was on and is gone is told. */
static void test_another_set(void **state) {
    (void)state;
    struct live_config other;
    show("cat");
    expect(TAGGER_ON, "cat", false);
    uint64_t version = brain.version;
    parse(&other, "[tag sailboat]\n[tag pizza]\ngroup = things\n");
    struct vectors *v = vectors_of(&other);
    brain_tags(&brain, &v);
    assert_null(v);
    expect(TAGGER_OFF, "cat", true);
    expect(TAGGER_UNKNOWN, "", true);
    double until = clock_ms() + 20000;
    while (!brain_idle(&brain) && clock_ms() < until) usleep(1000);
    struct live_status s = status();
    assert_true(s.counts[METER_EDITS] == 1 && s.version != version && s.tags == 2 && s.tags_on == 0);
    show("sailboat");
    expect(TAGGER_ON, "sailboat", false);
    config_finish(&other);
}

/* Of edits that come faster than they can be embedded the last counts. */
static void test_last_edit_counts(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct live_config other;
        char tags[64];
        snprintf(tags, sizeof tags, "[tag thing number %d]\n", i);
        parse(&other, tags);
        struct vectors *v = vectors_of(&other);
        brain_tags(&brain, &v);
        config_finish(&other);
    }
    double until = clock_ms() + 20000;
    while (!brain_idle(&brain) && clock_ms() < until) usleep(1000);
    show("cat");
    wait_pictures(1);
    struct live_status s = status();
    assert_true(s.counts[METER_EDITS] >= 1 && s.counts[METER_REFUSED] == 0 && s.tags == 1);
    uint8_t *bytes;
    size_t size;
    assert_int_equal(brain_save(&brain, &bytes, &size), OCELLI_OK);
    assert_true(size > 100);
    free(bytes);
}

/* The newest frame that was looked at, planes and all. */
static void test_frame(void **state) {
    (void)state;
    struct frame f;
    uint8_t *bytes;
    assert_false(brain_frame(&brain, &f, &bytes));
    show("cat");
    wait_pictures(1);
    assert_true(brain_frame(&brain, &f, &bytes));
    struct ocelli_image image;
    assert_int_equal(ocelli_image_load(&image, demo_picture("cat")), OCELLI_OK);
    assert_true(f.format == FRAME_RGB && f.width == image.width && f.height == image.height);
    for (uint32_t y = 0; y < f.height; y++)
        assert_memory_equal(f.planes[0].data + (size_t)y * f.planes[0].stride, image.rgb + (size_t)3 * y * f.width, 3 * f.width);
    ocelli_image_free(&image);
    free(bytes);
}

/* Another source in the place of the one, and one that is not there. */
static void test_another_source(void **state) {
    (void)state;
    struct live_config other, none;
    char *old = seen;
    seen = checkpoint_folder();
    parse(&other, "");
    eye_change(&eye, &other);
    config_finish(&other); /* it was taken over */
    double until = clock_ms() + 20000;
    while (!meter_get(&meter, METER_REOPENED) && clock_ms() < until) usleep(1000);
    show("pizza");
    expect(TAGGER_ON, "pizza", false);
    char *good = seen, missing[] = "/no such folder";
    seen = missing;
    parse(&none, "");
    eye_change(&eye, &none);
    config_finish(&none);
    seen = good;
    while (status().source_open && clock_ms() < until) usleep(1000);
    assert_false(status().source_open);
    int ended;
    assert_false(eye_ended(&eye, &ended)); /* it is waited for */
    checkpoint_remove(old);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_events), TEST(test_another_set),    TEST(test_last_edit_counts),
                                       TEST(test_frame),  TEST(test_another_source), cmocka_unit_test(gpu_test_silent)};
    return cmocka_run_group_tests(tests, demo_setup, demo_teardown);
}
