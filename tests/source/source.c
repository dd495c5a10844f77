/* SPDX-License-Identifier: Apache-2.0
 * The table and what all kinds share. */
#include "support/test.h"
#include "source/source.h"
#include "support/heard.h"

#include <math.h>

static void not_a_source(void **state) {
    (void)state;
    static const char *const uris[] = {"", "camera", "/dev/video0", "rtp://x", "Y4M:-"};
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        struct source *s;
        listen();
        assert_int_equal(source_open(&s, uris[i], NULL), OCELLI_ERR_USAGE);
        assert_null(s);
        assert_int_equal(heard.lines, 1);
        assert_non_null(strstr(heard.text,
                               "camera:[ID], y4m:-|FILE, raw:WxH:FORMAT[@FPS]:-|FILE, files:DIR, http://HOST/PATH, "
                               "https://HOST/PATH, mjpeg:http://HOST/PATH, test:[WxH][@FPS]"));
    }
}

static void options(void **state) {
    (void)state;
    static const struct {
        struct source_options options;
        int status;
    } cases[] = {
        {{.rotation = 45}, OCELLI_ERR_USAGE},
        {{.rotation = 360}, OCELLI_ERR_USAGE},
        {{.width = 640}, OCELLI_ERR_USAGE},
        {{.width = 640, .height = 16385}, OCELLI_ERR_LIMIT},
        {{.gain = -1}, OCELLI_ERR_USAGE},
        {{.gain = NAN}, OCELLI_ERR_USAGE},
        {{.exposure_value = NAN}, OCELLI_ERR_USAGE},
        {{.rotation = 270, .gain = 2}, OCELLI_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct source *s;
        listen();
        assert_int_equal(source_open(&s, "test:16x16", &cases[i].options), cases[i].status);
        assert_int_equal(heard.lines, cases[i].status ? 1 : 0);
        source_close(&s);
    }
}

static void closing(void **state) {
    (void)state;
    struct source *none = NULL;
    source_close(NULL);
    source_close(&none);
}

static void releasing_nothing(void **state) {
    (void)state;
    struct source *s;
    struct frame f = {0};
    assert_int_equal(source_open(&s, "test:16x16", NULL), OCELLI_OK);
    source_release(s, &f);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(source_next(s, -1, &f), SOURCE_FRAME);
        source_release(s, &f);
        source_release(s, &f);
    }
    source_close(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_a_source),
        cmocka_unit_test(options),
        cmocka_unit_test(closing),
        cmocka_unit_test(releasing_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
