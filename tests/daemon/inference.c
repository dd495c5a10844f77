/* SPDX-License-Identifier: Apache-2.0
 * The model's thread, given frames by the capture thread as in the daemon: the demo model, a folder of pictures. */
#include "daemon/inference.h"
#include "run_daemon.h"
#include "support/gpu.h"
#include "support/heard.h"
#include "support/test.h"

#include <unistd.h>

static void test_events(void **state) {
    (void)state;
    assert_false(status().any);
    show("cat");
    expect(TAGGER_ON, "cat", false);
    show("pizza");
    expect(TAGGER_OFF, "cat", false);
    struct daemon_event *e = next();
    assert_true(e->state == TAGGER_ON && !strcmp(e->tag, "pizza") && !strcmp(e->group, "things"));
    assert_true(e->frame == 1 && e->gpu_ns > 0 && e->captured_ns > 0 && e->version == inference.version);
    wait_pictures(2);
    struct daemon_status s = status();
    assert_true(s.any && s.sequence == 1 && s.tags == 2 && s.tags_on == 1 && s.device_open && s.source_open &&
                !s.embedding);
    assert_true(s.gpu_bytes > 1 << 20 && s.counts[METER_FRAMES] == 2 && s.median_ms[METER_GPU] > 0);
    assert_true(s.median_ms[METER_BEYOND] >= 0 && inference_usual_ns(&inference) > 0);
}

/* The old tags answer until all of the new are there; one that was on and is gone is told. */
static void test_another_set(void **state) {
    (void)state;
    struct daemon_config other;
    show("cat");
    expect(TAGGER_ON, "cat", false);
    uint64_t version = inference.version;
    parse(&other, "[tag sailboat]\n[tag pizza]\ngroup = things\n");
    struct vectors *v = vectors_of(&other);
    inference_tags(&inference, &v);
    assert_null(v);
    expect(TAGGER_OFF, "cat", true);
    expect(TAGGER_UNKNOWN, "", true);
    double until = clock_ms() + 20000;
    while (!inference_idle(&inference) && clock_ms() < until) usleep(1000);
    struct daemon_status s = status();
    assert_true(s.counts[METER_EDITS] == 1 && s.version != version && s.tags == 2 && s.tags_on == 0);
    show("sailboat");
    expect(TAGGER_ON, "sailboat", false);
    config_finish(&other);
}

/* Of edits that come faster than they can be embedded the last counts. */
static void test_last_edit_counts(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct daemon_config other;
        char tags[64];
        snprintf(tags, sizeof tags, "[tag thing number %d]\n", i);
        parse(&other, tags);
        struct vectors *v = vectors_of(&other);
        inference_tags(&inference, &v);
        config_finish(&other);
    }
    double until = clock_ms() + 20000;
    while (!inference_idle(&inference) && clock_ms() < until) usleep(1000);
    show("cat");
    wait_pictures(1);
    struct daemon_status s = status();
    assert_true(s.counts[METER_EDITS] >= 1 && s.counts[METER_REFUSED] == 0 && s.tags == 1);
    uint8_t *bytes;
    size_t size;
    assert_int_equal(inference_save(&inference, &bytes, &size), OCELLI_OK);
    assert_true(size > 100);
    free(bytes);
}

/* The newest frame that was looked at, planes and all. */
static void test_frame(void **state) {
    (void)state;
    struct frame f;
    uint8_t *bytes;
    assert_false(inference_frame(&inference, &f, &bytes, &(bool){false}));
    show("cat");
    wait_pictures(1);
    assert_true(inference_frame(&inference, &f, &bytes, &(bool){false}));
    struct ocelli_image image;
    assert_int_equal(ocelli_image_load(&image, demo_picture("cat")), OCELLI_OK);
    assert_true(f.format == FRAME_RGB && f.width == image.width && f.height == image.height);
    for (uint32_t y = 0; y < f.height; y++)
        assert_memory_equal(f.planes[0].data + (size_t)y * f.planes[0].stride, image.rgb + (size_t)3 * y * f.width,
                            3 * f.width);
    ocelli_image_free(&image);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_events), TEST(test_another_set), TEST(test_last_edit_counts),
                                       TEST(test_frame), cmocka_unit_test(gpu_test_silent)};
    return cmocka_run_group_tests(tests, demo_setup, demo_teardown);
}
