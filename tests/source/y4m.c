/* SPDX-License-Identifier: Apache-2.0
 * Headers by tag, streams in pieces of every size, and what is refused, each in one line. */
#include "support/test.h"
#include "source/y4m.h"
#include "support/heard.h"

#include <stdlib.h>

/* All bytes at once. */
static int step(struct y4m *y, const char *text) {
    struct span in = span_of(text, strlen(text));
    *y = (struct y4m){.name = "x.y4m"};
    listen();
    return y4m_step(y, &in);
}

static void good(const char *tags, enum frame_format format, uint32_t width, uint32_t height, bool full) {
    char text[Y4M_LINE * 2];
    struct y4m y;
    snprintf(text, sizeof text, "YUV4MPEG2 %s\nFRAME\n", tags);
    assert_int_equal(step(&y, text), Y4M_FRAME);
    assert_int_equal(y.form.format, format);
    assert_int_equal(y.form.width, width);
    assert_int_equal(y.form.height, height);
    assert_int_equal(y.form.full_range, full);
    assert_int_equal(heard.lines, 0);
}

static void tags(void **state) {
    (void)state;
    good("W640 H480", FRAME_YUV420, 640, 480, false);
    good("W640 H480 F30:1 Ip A1:1 C420jpeg XYSCSS=420JPEG XCOLORRANGE=LIMITED", FRAME_YUV420, 640, 480, false);
    good("W1 H1 C420mpeg2", FRAME_YUV420, 1, 1, false);
    good("W16384 H3 C420paldv XCOLORRANGE=FULL", FRAME_YUV420, 16384, 3, true);
    good("C422 H2 W3 F0:0 I? A0:0", FRAME_YUV422, 3, 2, false);
    good("W3 H2 C444", FRAME_YUV444, 3, 2, false);
    good("W3 H2 C420", FRAME_YUV420, 3, 2, false);
    good("W3 H2 Cmono", FRAME_GREY, 3, 2, true);
    good("W3 H2 Cmono XCOLORRANGE=LIMITED", FRAME_GREY, 3, 2, false);
    good("W3 H2 Qwhatever Xa Xb", FRAME_YUV420, 3, 2, false);
}

static void facts(void **state) {
    (void)state;
    struct y4m y;
    assert_int_equal(step(&y, "YUV4MPEG2 W1280 H720 F30000:1001\nFRAME Ixyz\n"), Y4M_FRAME);
    assert_int_equal(y.rate_num, 30000);
    assert_int_equal(y.rate_den, 1001);
    assert_int_equal(y.form.matrix, FRAME_BT709);
    assert_int_equal(y.frames, 1);
    assert_int_equal(step(&y, "YUV4MPEG2 W704 H576 F0:0\nFRAME\n"), Y4M_FRAME);
    assert_int_equal(y.rate_num, 25);
    assert_int_equal(y.form.matrix, FRAME_BT601);
    assert_int_equal(step(&y, "YUV4MPEG2 W704 H576 It\nFRAME\n"), Y4M_FRAME);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "interlaced"));
}

#define LONG "X0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 "
static const struct {
    const char *text;
    int status;
    const char *words;
} refused[] = {
    {"RIFF....", OCELLI_ERR_FILE, "no y4m: it begins with \"R\""},
    {"YUV4MPEG2 " LONG LONG LONG "\n", OCELLI_ERR_FILE, "a y4m header of 256 bytes or more"},
    {"YUV4MPEG2 W2 H2\nFRAME " LONG LONG LONG "\n", OCELLI_ERR_FILE, "a y4m line of 256 bytes or more"},
    {"YUV4MPEG3 W1 H1\n", OCELLI_ERR_FILE, "no y4m"},
    {"\n", OCELLI_ERR_FILE, "no y4m: it begins with \"\""},
    {"YUV4\n", OCELLI_ERR_FILE, "no y4m"},
    {"FRAME\n", OCELLI_ERR_FILE, "no y4m"},
    {"YUV4MPEG2\nFRAME\n", OCELLI_ERR_LIMIT, "0x0 pixels"},
    {"YUV4MPEG2 W640\n", OCELLI_ERR_LIMIT, "640x0 pixels"},
    {"YUV4MPEG2 W16385 H1\n", OCELLI_ERR_LIMIT, "16385x1 pixels: a side must be 1 to 16384"},
    {"YUV4MPEG2 W999999999 H999999999\n", OCELLI_ERR_LIMIT, "a side must be"},
    {"YUV4MPEG2 W9999999999 H1\n", OCELLI_ERR_FILE, "no number"},
    {"YUV4MPEG2 W-1 H1\n", OCELLI_ERR_FILE, "no number"},
    {"YUV4MPEG2 W1x H1\n", OCELLI_ERR_FILE, "no number"},
    {"YUV4MPEG2 W1 H1 F30\n", OCELLI_ERR_FILE, "no fraction"},
    {"YUV4MPEG2 W1 H1 F30:1:1\n", OCELLI_ERR_FILE, "no fraction"},
    {"YUV4MPEG2 W1 H1 C420p10\n", OCELLI_ERR_LIMIT, "420p10 is not read"},
    {"YUV4MPEG2 W1 H1 C411\n", OCELLI_ERR_LIMIT, "411 is not read"},
    {"YUV4MPEG2 W1 H1 C444alpha\n", OCELLI_ERR_LIMIT, "444alpha is not read"},
    {"YUV4MPEG2 W1 H1 Cmono16\n", OCELLI_ERR_LIMIT, "mono16 is not read"},
    {"YUV4MPEG2 W1 H1\nFRAMES\n", OCELLI_ERR_FILE, "out of step after 0 frames: \"FRAMES\" where FRAME was due"},
    {"YUV4MPEG2 W1 H1\n\1\2\3", OCELLI_ERR_FILE, "out of step"},
};

static void refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct y4m y;
        int status = step(&y, refused[i].text);
        if (status != refused[i].status || !strstr(heard.text, refused[i].words))
            print_error("%s: %s\n", refused[i].text, heard.text);
        assert_int_equal(status, refused[i].status);
        assert_non_null(strstr(heard.text, refused[i].words));
        assert_ptr_equal(strstr(heard.text, "x.y4m: "), heard.text);
        assert_int_equal(heard.lines, 1);
    }
}

static void long_header(void **state) {
    (void)state;
    char text[4096];
    struct y4m y;
    memset(text, 'X', sizeof text);
    memcpy(text, "YUV4MPEG2 ", 10);
    text[sizeof text - 1] = 0;
    assert_int_equal(step(&y, text), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
}

/* Three frames, the last under a header of its own, read `piece` bytes at a time. */
static void pieces(void **state) {
    (void)state;
    static const char text[] = "YUV4MPEG2 W2 H2\nFRAME\n\n\n\n\nFRFRAME It\nFRAME\nYUV4MPEG2 W1 H1 C444\nFRAME\nFRA";
    static const size_t sizes[] = {6, 6, 3};
    for (size_t piece = 1; piece < sizeof text; piece++) {
        struct y4m y = {.name = "x.y4m"};
        size_t skip = 0, frames = 0;
        listen();
        for (size_t at = 0; at < sizeof text - 1; at += piece) {
            size_t left = sizeof text - 1 - at;
            struct span in = span_of(text + at, left < piece ? left : piece);
            for (;;) {
                size_t n = skip < span_left(&in) ? skip : span_left(&in);
                span_bytes(&in, n);
                skip -= n;
                if (skip || y4m_step(&y, &in) != Y4M_FRAME) break;
                skip = frame_bytes(y.form.format, y.form.width, y.form.height);
                assert_int_equal(skip, sizes[frames++]);
            }
        }
        assert_int_equal(frames, 3);
        assert_int_equal(skip, 0);
        assert_int_equal(y4m_end(&y), OCELLI_OK);
        assert_int_equal(heard.lines, 0);
    }
}

static void endings(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "ended before a y4m header"},
        {"YUV4MP", "ended inside the y4m header"},
        {"YUV4MPEG2 W1 H1", "ended inside the y4m header"},
        {"YUV4MPEG2 W1 H1\nFRA", "ended inside a y4m line after 0 frames"},
        {"YUV4MPEG2 W1 H1\n", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct y4m y;
        assert_int_equal(step(&y, cases[i].text), Y4M_MORE);
        assert_int_equal(y4m_end(&y), cases[i].words ? OCELLI_ERR_FILE : OCELLI_OK);
        assert_int_equal(heard.lines, cases[i].words ? 1 : 0);
        if (cases[i].words) assert_non_null(strstr(heard.text, cases[i].words));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags),        cmocka_unit_test(facts),  cmocka_unit_test(refusals),
        cmocka_unit_test(long_header), cmocka_unit_test(pieces), cmocka_unit_test(endings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
