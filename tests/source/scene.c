/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "source/scene.h"
#include "source/source.h"
#include "support/heard.h"

#include <stdlib.h>
#include <unistd.h>

static uint64_t number_in(const uint8_t *rgb, uint32_t width, uint32_t height) {
    uint64_t number = 0;
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t x = (i * width + width / 2) / 16;
        number = number << 1 | (rgb[((size_t)(height - 1) * width + x) * 3] < 128);
    }
    return number;
}

/* The middle has the shape's colour, a corner the wall's, the lower edge the number. */
static void drawing(void **state) {
    (void)state;
    static const int strongest[SCENES] = {0, 2, 1, -1};
    static uint8_t rgb[64 * 48 * 3];
    for (unsigned scene = 0; scene < SCENES; scene++) {
        scene_draw(scene, 0xa5c3 + scene, 64, 48, rgb);
        const uint8_t *middle = rgb + (24 * 64 + 32) * 3;
        for (int c = 0; c < 3; c++) {
            assert_int_equal(rgb[c], 245);
            if (strongest[scene] < 0)
                assert_int_equal(middle[c], 245);
            else if (c != strongest[scene])
                assert_true(middle[c] + 80 < middle[strongest[scene]]);
        }
        assert_int_equal(number_in(rgb, 64, 48), 0xa5c3 + scene);
    }
}

/* Exactly its bytes, for a sanitizer. */
static void sizes(void **state) {
    (void)state;
    static const uint32_t cases[][2] = {{1, 1}, {2, 1}, {1, 40}, {15, 15}, {16, 16}, {17, 33}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *rgb = malloc((size_t)cases[i][0] * cases[i][1] * 3);
        assert_non_null(rgb);
        for (unsigned scene = 0; scene < SCENES; scene++) scene_draw(scene, 7, cases[i][0], cases[i][1], rgb);
        free(rgb);
    }
}

static void names(void **state) {
    (void)state;
    assert_string_equal(scene_name(0), "a red circle");
    assert_int_equal(scene_of(0, 10), 0);
    assert_int_equal(scene_of(19, 10), 0);
    assert_int_equal(scene_of(20, 10), 1);
    assert_int_equal(scene_of(80, 10), 0);
}

static void every_frame(void **state) {
    (void)state;
    struct source *s;
    struct frame f;
    assert_int_equal(source_open(&s, "test:64x48@2", &(struct source_options){.every = true}), OCELLI_OK);
    for (uint64_t n = 0; n < 20; n++) {
        assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
        assert_int_equal(f.sequence, n);
        assert_int_equal(number_in(f.planes[0].data, f.width, f.height), n);
        source_release(s, &f);
    }
    source_close(&s);
}

/* At a rate: about so many in the time, and one who sleeps finds the newest. */
static void at_a_rate(void **state) {
    (void)state;
    struct source *s;
    struct frame f, last = {0};
    assert_int_equal(source_open(&s, "test:16x16@100", NULL), OCELLI_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
        assert_true(i == 0 || (f.sequence > last.sequence && f.captured_ns > last.captured_ns));
        last = f;
        source_release(s, &f);
    }
    usleep(300000);
    assert_int_equal(source_next(s, 5000, &f), SOURCE_FRAME);
    assert_in_range(f.sequence - last.sequence, 10, 3000); /* 30 but for a machine that has no time */
    source_release(s, &f);
    source_close(&s);
}

static void refusals(void **state) {
    (void)state;
    static const char *const uris[] = {"test:x",       "test:64",     "test:64x",  "test:64x48@",
                                       "test:64x48@0", "test:64x48x", "test:0x48", "test:64x99999"};
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        struct source *s;
        listen();
        assert_int_equal(source_open(&s, uris[i], NULL), i < 6 ? OCELLI_ERR_USAGE : OCELLI_ERR_LIMIT);
        assert_null(s);
        assert_int_equal(heard.lines, 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawing),     cmocka_unit_test(sizes),     cmocka_unit_test(names),
        cmocka_unit_test(every_frame), cmocka_unit_test(at_a_rate), cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
