/* SPDX-License-Identifier: Apache-2.0
 * What the daemon says of itself, of tags that really learn: an hour of pictures is stepped through. */
#include "daemon/announce.h"
#include "base/clock.h"
#include "daemon/inner.h"
#include "support/test.h"

#include "../tag/noise.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 4, MOST = 8 };
#define SECOND INT64_C(1000000000)

static struct daemon l;
static float axes[2][SIZE] = {{1, 0, 0, 0}, {0, 1, 0, 0}};
static struct tagger_tag tags[MOST];
static struct tagger_set set;
static char said[8192]; /* all lines since start() */
static int64_t now_ns;
static uint64_t sequence;

static void hear(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    size_t used = strlen(said);
    snprintf(said + used, sizeof said - used, "%s%s\n", level == OCELLI_LOG_WARNING ? "warning: " : "", message);
}

static int setup(void **state) {
    (void)state;
    static const char *const names[MOST] = {"cat", "dog", "parcel", "door", "window", "car", "bicycle", "bird"};
    memset(&l, 0, sizeof l);
    l.options.config = "o.ini", l.model = strdup("b32.gguf");
    pthread_mutex_init(&l.inference.lock, NULL);
    pthread_mutex_init(&l.inference.told_lock, NULL);
    pthread_mutex_init(&l.capture.lock, NULL);
    meter_init(&l.meter);
    assert_int_equal(line_writer_open(&l.out, STDOUT_FILENO, "standard output"), OCELLI_OK);
    strcpy(l.inference.device, "a device");
    strcpy(l.capture.uri, "camera:");
    now_ns = l.started_ns = 1000 * SECOND;
    for (int i = 0; i < MOST; i++)
        tags[i] = (struct tagger_tag){
            .name = names[i], .key = names[i], .vector = axes[i % 2], .rules = {{0.1, 0.05, 1, 0, 0, 0}}};
    set = (struct tagger_set){
        .tags = tags, .count = 2, .size = SIZE, .logit_scale = 100, .version = 7, .model = "a model"};
    ocelli_set_log(hear, NULL);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    ocelli_set_log(NULL, NULL);
    tagger_destroy(&l.inference.tagger);
    line_writer_close(&l.out, 1000);
    meter_finish(&l.meter);
    free(l.model);
    return 0;
}

static void start(void) {
    *said = 0;
    assert_int_equal(tagger_create(&l.inference.tagger, &set), OCELLI_OK);
}

/* Seconds go by, with a look four times in each. */
static void pass(int seconds) {
    for (int i = 0; i < 4 * seconds; i++) announce_step(&l, now_ns += SECOND / 4);
}

static void see(int seconds) {
    for (int i = 0; i < seconds; i++) {
        float e[SIZE] = {(float)(0.2 + 0.01 * noise_normal()), (float)(0.2 + 0.01 * noise_normal())};
        const struct tagger_event *events;
        e[3] = sqrtf(1 - e[0] * e[0] - e[1] * e[1]);
        tagger_step(l.inference.tagger, &(struct tagger_frame){e, (int64_t)++sequence * 1000, sequence, 0.5f}, &events);
    }
}

static void come(uint32_t width, uint32_t height) {
    l.capture.width = width, l.capture.height = height;
}

static void test_all_fixed(void **state) {
    (void)state;
    l.state = "/var/lib/ocelli";
    l.config.udp = 5690, l.config.coap = 5683, l.config.serial = "/dev/ttyAMA0@9600";
    start();
    pass(1);
    assert_string_equal(said, "");
    come(640, 480);
    pass(20);
    assert_string_equal(
        said,
        "o.ini: runs: source camera: 640x480; model b32.gguf on a device; 2 tags (threshold: cat fixed, dog fixed); "
        "state in /var/lib/ocelli; answers on udp 5690, coap 5683, serial /dev/ttyAMA0@9600\n");
    l.state = NULL;
}

/* It does not wait for long, and tells the size when it is known. */
static void test_late_picture(void **state) {
    (void)state;
    start();
    pass(20);
    assert_non_null(strstr(said, "source camera: (no picture yet: it waits for the first); "));
    assert_non_null(strstr(said, "no state folder; answers no requests"));
    assert_null(strstr(said, "warning")); /* all are fixed: nothing is learnt that could be lost */
    *said = 0;
    come(320, 240);
    pass(20);
    assert_string_equal(said, "camera:: the first picture is there: 320x240\n");
}

/* A video may be over before anybody looked. */
static void test_short(void **state) {
    (void)state;
    start();
    announce_end(&l);
    assert_string_equal(said, "");
    come(320, 240);
    announce_end(&l);
    assert_non_null(strstr(said, "camera: 320x240; "));
    *said = 0;
    announce_end(&l);
    assert_string_equal(said, "");
}

static void test_no_tags(void **state) {
    (void)state;
    set.count = 0;
    start();
    come(320, 240);
    pass(20);
    assert_non_null(strstr(said, "; 0 tags; "));
    assert_null(strstr(said, "learning is complete"));
}

static void test_learning(void **state) {
    (void)state;
    tags[0].rules.value[RULE_ON] = tags[0].rules.value[RULE_OFF] = NAN;
    start();
    come(320, 240);
    pass(1);
    assert_non_null(strstr(said, "(threshold: cat none yet, dog fixed)"));
    *said = 0;
    see(1000), pass(30);
    assert_string_equal(said, "");
    see(3600), pass(30);
    assert_string_equal(said, "o.ini: learning is complete: all 2 tags have their threshold\n");
    *said = 0;
    see(100), pass(30);
    assert_string_equal(said, "");
}

/* Of many tags their numbers; learn tells nothing that surprises nobody there. */
static void test_many(void **state) {
    (void)state;
    set.count = MOST;
    for (int i = 0; i < 3; i++) tags[i].rules.value[RULE_ON] = tags[i].rules.value[RULE_OFF] = NAN;
    l.options.silent = true;
    start();
    come(320, 240);
    pass(5);
    assert_non_null(strstr(said, "; 8 tags (threshold: 5 fixed, 3 none yet); no state folder; learns only\n"));
    assert_null(strstr(said, "warning"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_fixed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_picture, setup, teardown),
        cmocka_unit_test_setup_teardown(test_short, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_tags, setup, teardown),
        cmocka_unit_test_setup_teardown(test_learning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
