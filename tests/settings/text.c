/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/text.h"
#include "support/test.h"

#include <string.h>

static struct arena arena;
static struct diagnostics report;

static const char *decoded(const char *bytes, size_t size) {
    diagnostics_finish(&report);
    const char *text = text_decode(&arena, (const uint8_t *)bytes, size, &report);
    assert_non_null(text);
    return text;
}

#define DECODED(bytes) decoded(bytes, sizeof bytes - 1)

static int teardown(void **state) {
    (void)state;
    diagnostics_finish(&report);
    arena_finish(&arena);
    return 0;
}

static void test_utf8(void **state) {
    (void)state;
    assert_string_equal(DECODED(""), "");
    assert_string_equal(DECODED("\xEF\xBB\xBF"
                                "a\u00e9\U0001F600\n"),
                        "a\u00e9\U0001F600\n");
    assert_int_equal(report.count, 0);
}

static void test_line_ends(void **state) {
    (void)state;
    assert_string_equal(DECODED("a\r\nb\rc\nd\n\re\r\r\n\r"), "a\nb\nc\nd\n\ne\n\n\n");
    assert_int_equal(report.count, 0);
}

static void test_utf16(void **state) {
    (void)state;
    assert_string_equal(DECODED("\xFF\xFE"
                                "a\0\r\0\n\0\xE9\0\x3D\xD8\x00\xDE"),
                        "a\n\u00e9\U0001F600");
    assert_string_equal(DECODED("\xFE\xFF"
                                "\0a\0\r\0\n\0\xE9\xD8\x3D\xDE\x00"),
                        "a\n\u00e9\U0001F600");
    assert_string_equal(DECODED("a\0b\0c\0\n\0"), "abc\n");
    assert_string_equal(DECODED("\0a\0b\0c\0\n"), "abc\n");
    /* half of a pair, and half a unit at the end */
    assert_string_equal(DECODED("\xFF\xFE\x3D\xD8"
                                "a\0\x00\xDEz"),
                        "\uFFFDa\uFFFD\uFFFD");
    assert_string_equal(DECODED("\xFF\xFE\x3D\xD8"), "\uFFFD");
    assert_string_equal(DECODED("\xFF\xFE"), "");
    assert_int_equal(report.count, 0);
}

static void test_windows(void **state) {
    (void)state;
    assert_string_equal(DECODED("x\nCaf\xE9 \x80 \x93q\x94 \x81\n"), "x\nCaf\u00e9 \u20ac \u201cq\u201d \uFFFD\n");
    assert_int_equal(report.count, 1);
    assert_int_equal(report.items[0].line, 2);
    assert_string_equal(DECODED("\xC3"), "\u00c3"); /* the first byte of two, at the end */
    assert_string_equal(DECODED("\xE2\x82"), "\u00e2\u201a");
}

static void test_controls(void **state) {
    (void)state;
    assert_string_equal(DECODED("a\tb\u00a0c\uFEFFd"), "a b c d");
    assert_int_equal(report.count, 0);
    assert_string_equal(DECODED("a\x01\x7f\n\xC2\x85"
                                "b\0"),
                        "a  \n b ");
    assert_int_equal(diagnostics_faults(&report), 1); /* told once */
}

static void test_long(void **state) {
    (void)state;
    static char bytes[TEXT_MOST + 2];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(strlen(decoded(bytes, TEXT_MOST)), TEXT_MOST);
    assert_int_equal(report.count, 0);
    assert_int_equal(strlen(decoded(bytes, TEXT_MOST + 1)), TEXT_MOST);
    assert_int_equal(diagnostics_faults(&report), 1);
    bytes[9] = '\n';
    assert_string_equal(decoded(bytes, TEXT_MOST + 1), "xxxxxxxxx\n"); /* half a line is none */
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_utf8),    TEST(test_line_ends), TEST(test_utf16),
                                       TEST(test_windows), TEST(test_controls),  TEST(test_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
