/* SPDX-License-Identifier: Apache-2.0
 * What is looked at, of which source: real sources, the demo model behind. */
#include "daemon/capture.h"
#include "run_daemon.h"
#include "support/gpu.h"

#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

/* Waits until it ended; gives why. */
static int wait_end(void) {
    double until = clock_ms() + 20000;
    int why = 99;
    while (!capture_ended(&capture, &why) && clock_ms() < until) usleep(1000);
    assert_true(clock_ms() < until);
    return why;
}

/* Another source in the place of the one, and one that is not there. */
static void test_another_source(void **state) {
    (void)state;
    struct daemon_config other, none;
    char *old = seen;
    seen = checkpoint_folder();
    parse(&other, "");
    capture_change(&capture, &other);
    config_finish(&other); /* it was taken over */
    double until = clock_ms() + 20000;
    while (!meter_get(&meter, METER_REOPENED) && clock_ms() < until) usleep(1000);
    show("pizza");
    expect(TAGGER_ON, "pizza", false);
    char *good = seen, missing[] = "/no such folder";
    seen = missing;
    parse(&none, "");
    capture_change(&capture, &none);
    config_finish(&none);
    seen = good;
    while (status().source_open && clock_ms() < until) usleep(1000);
    assert_false(status().source_open);
    int ended;
    assert_false(capture_ended(&capture, &ended)); /* it is waited for */
    checkpoint_remove(old);
}

/* A scene in which nothing moves is looked at once, until look_every is over. */
static void test_still(void **state) {
    (void)state;
    struct daemon_config other;
    run = "motion = 1\nlook_every = 3600\n";
    parse(&other, "");
    run = "motion = 0\n";
    capture_change(&capture, &other);
    config_finish(&other);
    for (int i = 0; i < 3; i++) show("cat");
    show("pizza");
    wait_pictures(2);
    struct daemon_status s = status();
    assert_true(s.counts[METER_FRAMES] == 4 && s.counts[METER_STILL] == 2 && s.counts[METER_DROPPED] == 0);
}

/* A stream cannot be had again: its end is the end, and so is its fault. */
static void test_streams(void **state) {
    (void)state;
    static const char head[] = "YUV4MPEG2 W8 H8 F10:1 Ip A1:1 Cmono\n";
    char bytes[400], address[600];
    for (int broken = 0; broken < 2; broken++) {
        struct daemon_config other;
        int n = snprintf(bytes, sizeof bytes, "%s", head);
        for (int i = 0; i < 3; i++) n += snprintf(bytes + n, sizeof bytes - (size_t)n, "FRAME\n%064d", 0);
        checkpoint_put(seen, "video", bytes, (size_t)n - (broken ? 10 : 0));
        snprintf(address, sizeof address, "y4m:%s/video", seen);
        uri = address;
        parse(&other, "");
        uri = NULL;
        capture_change(&capture, &other);
        config_finish(&other);
        assert_int_equal(wait_end(), broken ? OCELLI_ERR_FILE : OCELLI_OK);
        wait_pictures(broken ? 2 : 3);
        teardown(NULL);
        setup(NULL);
    }
}

/* A FIFO without a writer holds up neither a change nor the end; with one it is a source like any. */
static void test_fifo(void **state) {
    (void)state;
    struct daemon_config other;
    char address[600], path[512];
    snprintf(path, sizeof path, "%s/fifo", seen);
    snprintf(address, sizeof address, "y4m:%s", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    uri = address;
    parse(&other, "");
    uri = NULL;
    capture_change(&capture, &other);
    config_finish(&other);
    double until = clock_ms() + 20000;
    while (!meter_get(&meter, METER_REOPENED) && clock_ms() < until) usleep(1000);
    int ended;
    assert_true(status().source_open && !capture_ended(&capture, &ended));
    parse(&other, ""); /* the folder again */
    capture_change(&capture, &other);
    config_finish(&other);
    while (meter_get(&meter, METER_REOPENED) < 2 && clock_ms() < until) usleep(1000);
    show("pizza");
    expect(TAGGER_ON, "pizza", false);
    uri = address;
    parse(&other, "");
    uri = NULL;
    capture_change(&capture, &other);
    config_finish(&other);
    int writer = open(path, O_WRONLY); /* waits for who reads */
    static const char video[] = "YUV4MPEG2 W8 H8 F10:1 Ip A1:1 Cmono\nFRAME\n"
                                "0123456701234567012345670123456701234567012345670123456701234567";
    assert_int_equal(write(writer, video, sizeof video - 1), sizeof video - 1);
    close(writer);
    assert_int_equal(wait_end(), OCELLI_OK);
    wait_pictures(2);
}

/* It slows down with the heat, as the status says. */
static void test_heat(void **state) {
    (void)state;
    struct daemon_config other;
    char lines[600];
    checkpoint_put(seen, "temperature", "80000\n", 6);
    snprintf(lines, sizeof lines, "motion = 0\nhot = 75\nthermal = %s/temperature\n", seen);
    assert_true(isnan(status().celsius) || status().celsius > -100);
    run = lines;
    parse(&other, "");
    run = "motion = 0\n";
    capture_change(&capture, &other);
    config_finish(&other);
    double until = clock_ms() + 20000;
    while (!(fabs(status().celsius - 80) < 0.01) && clock_ms() < until) usleep(1000);
    assert_true(fabs(status().celsius - 80) < 0.01 && fabs(status().slowdown - 4) < 0.01);
}

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_another_source), TEST(test_still), TEST(test_streams),
                                       TEST(test_fifo),           TEST(test_heat),  cmocka_unit_test(gpu_test_silent)};
    return cmocka_run_group_tests(tests, demo_setup, demo_teardown);
}
