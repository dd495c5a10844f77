/* SPDX-License-Identifier: Apache-2.0
 * Any camera that libcamera finds: a real one, or its virtual one, which needs no driver (`make test-camera` says how).
 * Skipped where there is none. */
#include "support/test.h"
#include "source/source.h"
#include "support/heard.h"
#include "base/clock.h"

#include <stdlib.h>
#include <unistd.h>

static int cameras;
static char first[256], second[256];

static void note(void *user, const struct source_camera *camera) {
    (void)user;
    print_message("camera %s, model %s\n", camera->id, camera->model);
    if (cameras < 2) snprintf(cameras ? second : first, sizeof first, "%s", camera->id);
    assert_true(camera->size_count > 0);
    for (size_t i = 0; i < camera->size_count; i++)
        assert_true(camera->sizes[i].width > 0 && camera->sizes[i].height > 0);
    for (size_t i = 1; i < camera->size_count; i++) assert_true(camera->sizes[i - 1].width <= camera->sizes[i].width);
    cameras++;
}

static struct source *opened(const char *id, const struct source_options *options) {
    char uri[300];
    struct source *s;
    snprintf(uri, sizeof uri, "camera:%s", id);
    listen();
    int status = source_open(&s, uri, options);
    if (status) print_error("%s\n", heard.text);
    assert_int_equal(status, OCELLI_OK);
    return s;
}

/* Every byte of it can be read, and its colours are not one flat field. */
static void check_pixels(const struct frame *f) {
    uint8_t *rgb = malloc((size_t)f->width * f->height * 3);
    size_t differ = 0;
    assert_non_null(rgb);
    frame_to_rgb(f, rgb);
    for (size_t i = 3; i < (size_t)f->width * f->height * 3; i++) differ += rgb[i] != rgb[i - 3];
    assert_true(differ > 100);
    free(rgb);
}

/* Numbers and times go up, and a time is when the frame came. */
static void frames(void **state) {
    (void)state;
    struct source *s = opened("", NULL);
    struct frame f, last = {0};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(source_next(s, 10000, &f), SOURCE_FRAME);
        assert_true(i == 0 || f.sequence > last.sequence);
        assert_true(i == 0 || f.captured_ns >= last.captured_ns);
        assert_true((double)f.captured_ns / 1e6 > clock_ms() - 11e3 && (double)f.captured_ns / 1e6 <= clock_ms());
        if (i == 0) check_pixels(&f);
        last = f;
        source_release(s, &f);
    }
    print_message("%s %ux%u, stride %u, fd %d, sequence %llu\n", frame_format_name(last.format), last.width,
                  last.height, last.planes[0].stride, last.planes[0].fd, (unsigned long long)last.sequence);
    source_close(&s);
    assert_null(s);
}

/* What is held stays as it is, while others come and go. */
static void held(void **state) {
    (void)state;
    struct source *s = opened(first, &(struct source_options){.rotation = 180, .every = true});
    struct frame f, g;
    assert_int_equal(source_next(s, 10000, &f), SOURCE_FRAME);
    assert_int_equal(f.rotation, 180);
    size_t size = (size_t)f.planes[0].stride * f.height;
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, f.planes[0].data, size);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(source_next(s, 10000, &g), SOURCE_FRAME);
        assert_true(g.sequence > f.sequence);
        assert_ptr_not_equal(g.planes[0].data, f.planes[0].data);
        source_release(s, &g);
    }
    assert_memory_equal(f.planes[0].data, copy, size);
    source_release(s, &f);
    source_close(&s);
    free(copy);
}

static void slow_consumer(void **state) {
    (void)state;
    struct source *s = opened(first, NULL);
    struct frame f, g;
    assert_int_equal(source_next(s, 10000, &f), SOURCE_FRAME);
    usleep(500000);
    assert_int_equal(source_next(s, 10000, &g), SOURCE_FRAME);
    assert_true(g.sequence > f.sequence + 1);
    assert_true((g.captured_ns - f.captured_ns) > 200000000);
    source_release(s, &f);
    source_release(s, &g);
    source_close(&s);
}

static void options(void **state) {
    (void)state;
    struct source_options o = {
        .width = 320, .height = 240, .rate = 10, .exposure_us = 5000, .gain = 2, .exposure_value = 0.5f};
    struct source *s = opened(first, &o); /* controls it has not are told, and no more */
    struct frame f;
    assert_int_equal(source_next(s, 10000, &f), SOURCE_FRAME);
    print_message("320x240 asked for, %ux%u given; %d lines, the last: %s\n", f.width, f.height, heard.lines,
                  heard.text);
    check_pixels(&f);
    source_release(s, &f);
    source_close(&s);
}

static void refused(const char *uri, const struct source_options *o, int status, const char *words) {
    struct source *s;
    listen();
    assert_int_equal(source_open(&s, uri, o), status);
    assert_null(s);
    if (!strstr(heard.text, words)) print_error("%s\n", heard.text);
    assert_non_null(strstr(heard.text, words));
    assert_int_equal(heard.lines, 1);
}

static void refusals(void **state) {
    (void)state;
    refused("camera:nowhere", NULL, OCELLI_ERR_DEVICE, "no such camera; there are: ");
    refused("camera:", &(struct source_options){.format = "p010"}, OCELLI_ERR_USAGE, "give nv12, yuv420");
    struct source *s = opened(first, NULL);
    char uri[300], words[300];
    snprintf(uri, sizeof uri, "camera:%s", first);
    snprintf(words, sizeof words, "%s: busy", first);
    refused(uri, NULL, OCELLI_ERR_DEVICE, words);
    source_close(&s);
}

static void not_offered(void **state) {
    (void)state;
    static const char *const formats[] = {"nv12", "yuv420", "yuyv", "rgb", "bgr", "mjpeg"};
    int good = 0;
    for (int i = 0; i < 6; i++) {
        struct source *s;
        struct frame f;
        listen();
        int status = source_open(&s, "camera:", &(struct source_options){.format = formats[i]});
        print_message("%s: %s\n", formats[i], status ? heard.text : "offered");
        if (status) {
            assert_int_equal(status, OCELLI_ERR_DEVICE);
            assert_int_equal(heard.lines, 1);
            assert_non_null(strstr(heard.text, "is not offered; offered: "));
            continue;
        }
        assert_int_equal(source_next(s, 10000, &f), SOURCE_FRAME);
        check_pixels(&f);
        source_release(s, &f);
        source_close(&s);
        good++;
    }
    assert_true(good > 0);
}

/* Two cameras at once, one closed while the other goes on. */
static void several(void **state) {
    (void)state;
    if (cameras < 2) skip();
    struct source *s[2] = {opened(first, NULL), opened(second, NULL)};
    for (int i = 0; i < 20; i++) {
        struct frame f;
        if (i == 10) source_close(&s[0]);
        struct source *from = s[i < 10 ? i % 2 : 1];
        assert_int_equal(source_next(from, 10000, &f), SOURCE_FRAME);
        if (i < 2) check_pixels(&f);
        source_release(from, &f);
    }
    source_close(&s[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames),  cmocka_unit_test(held),     cmocka_unit_test(slow_consumer),
        cmocka_unit_test(options), cmocka_unit_test(refusals), cmocka_unit_test(not_offered),
        cmocka_unit_test(several),
    };
    char why[SOURCE_WHY];
    if (!source_camera_library(why)) {
        printf("skipped: camera: %s\n", why);
        return 77;
    }
    if (source_cameras(note, NULL) || !cameras) {
        printf("skipped: %s finds no camera\n", source_camera_library(NULL));
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
