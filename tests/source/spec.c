/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "source/spec.h"
#include "support/heard.h"

static void raw(void **state) {
    (void)state;
    struct spec_raw raw;
    assert_int_equal(spec_raw_parse(&raw, "640x480:nv12@30:-", "u"), OCELLI_OK);
    assert_int_equal(raw.width, 640);
    assert_int_equal(raw.height, 480);
    assert_int_equal(raw.format, FRAME_NV12);
    assert_int_equal(raw.rate, 30);
    assert_string_equal(raw.path, "-");
    assert_int_equal(spec_raw_parse(&raw, "1x16384:rgb:a:b@c", "u"), OCELLI_OK);
    assert_int_equal(raw.rate, 0);
    assert_string_equal(raw.path, "a:b@c");
}

static void refusals(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int status;
        const char *words;
    } cases[] = {
        {"", OCELLI_ERR_USAGE, "no size"},
        {"640:nv12:-", OCELLI_ERR_USAGE, "no size"},
        {"640x:nv12:-", OCELLI_ERR_USAGE, "no size"},
        {"x480:nv12:-", OCELLI_ERR_USAGE, "no size"},
        {"-1x480:nv12:-", OCELLI_ERR_USAGE, "no size"},
        {"9999999999x480:nv12:-", OCELLI_ERR_USAGE, "no size"},
        {"640x480", OCELLI_ERR_USAGE, "no size"},
        {"640x480:p010:-", OCELLI_ERR_USAGE, "format p010: give one of rgb, bgr, grey, nv12"},
        {"640x480:nv12@0:-", OCELLI_ERR_USAGE, "no rate"},
        {"640x480:nv12@1001:-", OCELLI_ERR_USAGE, "no rate"},
        {"640x480:nv12@:-", OCELLI_ERR_USAGE, "no rate"},
        {"640x480:nv12@30", OCELLI_ERR_USAGE, "no path"},
        {"640x480:nv12:", OCELLI_ERR_USAGE, "no path"},
        {"0x480:nv12:-", OCELLI_ERR_LIMIT, "0x480 pixels"},
        {"640x16385:nv12:-", OCELLI_ERR_LIMIT, "640x16385 pixels"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spec_raw raw;
        listen();
        assert_int_equal(spec_raw_parse(&raw, cases[i].text, "u"), cases[i].status);
        assert_non_null(strstr(heard.text, cases[i].words));
        assert_int_equal(heard.lines, 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(raw), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
