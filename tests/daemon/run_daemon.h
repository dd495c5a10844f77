/* SPDX-License-Identifier: Apache-2.0
 * The daemon's two threads as it has them: a capture thread that watches a folder, an inference thread with the demo
 * model, the tags cat and pizza. */
#ifndef DAEMON_RUN_DAEMON_H
#define DAEMON_RUN_DAEMON_H

#include "support/test.h"
#include "base/clock.h"
#include "demo.h"
#include "daemon/capture.h"
#include "support/heard.h"

#include <unistd.h>

static struct meter meter;
static struct event_queue events;
static struct inference inference;
static struct capture capture;
static struct daemon_config config;
static char *seen;
static int shown;

static const char rules[] = "[templates]\ntemplate = a photo of a {}.\ntemplate = {}\n"
                            "[defaults]\non = 0.05\noff = 0.05\nsmooth = 0\nmin_on = 0\nmin_off = 0\n";

static const char *uri;                  /* NULL: the folder `seen` */
static const char *run = "motion = 0\n"; /* lines of [run] */
static const char *policies;             /* a policy file; NULL: no moderation */

/* An ini that watches `uri`, with these tags. */
static inline void parse(struct daemon_config *c, const char *tags) {
    char ini[4096], folder[512];
    snprintf(folder, sizeof folder, "files:%s", seen);
    int n = snprintf(ini, sizeof ini, "[run]\nrate = 0\n%s[source]\nuri = %s\nevery = yes\n%s%s", run,
                     uri ? uri : folder, rules, tags);
    assert_int_equal(config_parse(c, ini, (size_t)n, "ocelli.ini"), OCELLI_OK);
}

static inline struct vectors *vectors_of(struct daemon_config *c) {
    struct vectors *v;
    assert_int_equal(model_vectors_create(&v, &c->tags, "ocelli.ini", false), OCELLI_OK);
    return v;
}

static inline int setup(void **state) {
    (void)state;
    seen = checkpoint_folder();
    shown = 0;
    listen();
    meter_init(&meter);
    parse(&config, "[tag cat]\ngroup = things\n[tag pizza]\ngroup = things\n");
    assert_int_equal(event_queue_init(&events), OCELLI_OK);
    assert_int_equal(inference_open(&inference, &(struct ocelli_params){.model = demo_blob}, &meter, &events),
                     OCELLI_OK);
    assert_int_equal(moderation_open(&inference.moderation, policies), OCELLI_OK);
    struct vectors *v = vectors_of(&config);
    assert_int_equal(inference_prepare(&inference, &v), OCELLI_OK);
    assert_true(!v && inference.prepared);
    assert_int_equal(capture_open(&capture, &config, &inference, &meter), OCELLI_OK);
    assert_int_equal(inference_start(&inference), OCELLI_OK);
    assert_int_equal(capture_start(&capture), OCELLI_OK);
    return 0;
}

static inline int teardown(void **state) {
    (void)state;
    assert_true(capture_stop(&capture, 20000));
    assert_true(inference_stop(&inference, 20000));
    assert_true(capture_close(&capture, 20000));
    capture_finish(&capture);
    struct moderation *moderation = inference.moderation;
    inference_finish(&inference);
    moderation_close(&moderation);
    event_queue_finish(&events);
    config_finish(&config);
    meter_finish(&meter);
    checkpoint_remove(seen);
    return 0;
}

static inline void show(const char *picture) {
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
static inline struct daemon_event *next(void) {
    static struct daemon_event e;
    double until = clock_ms() + 20000;
    while (!event_take(&events, &e) && clock_ms() < until) usleep(1000);
    assert_true(clock_ms() < until);
    return &e;
}

static inline void expect(enum tagger_state state, const char *tag, bool edited) {
    struct daemon_event *e = next();
    assert_int_equal(e->state, state);
    assert_string_equal(e->tag, tag);
    assert_int_equal(e->edited, edited);
}

static inline struct daemon_status status(void) {
    struct daemon_status s = {0};
    meter_read(&meter, &s);
    inference_status(&inference, &s);
    capture_status(&capture, &s);
    return s;
}

static inline void wait_pictures(uint64_t count) {
    double until = clock_ms() + 20000;
    while (meter_get(&meter, METER_PICTURES) < count && clock_ms() < until) usleep(1000);
    assert_int_equal(meter_get(&meter, METER_PICTURES), count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
