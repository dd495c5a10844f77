/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "base/compose.h"

#include <stdlib.h>
#include <string.h>

static void becomes(const char *text, const char *want) {
    char *exact = malloc(strlen(text) + 1), *out; /* a read behind its end shows */
    size_t n, length = strlen(text);
    memcpy(exact, text, length);
    exact = realloc(exact, length ? length : 1);
    assert_true(compose(exact, length, &out, &n));
    assert_string_equal(out, want);
    assert_int_equal(n, strlen(want));
    free(exact);
    free(out);
}

/* What Python's unicodedata.normalize("NFC", ...) gives. */
static void as_python(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"cafe\u0301", "caf\u00e9"},
        {"\u0301", "\u0301"},
        {"a\u0301\u0301", "\u00e1\u0301"},
        {"a\u0315\u0300\u05ae\u0300b", "\u00e0\u05ae\u0300\u0315b"}, /* sorted by class, equal ones in order */
        {"\u212b\u2126\u212a", "\u00c5\u03a9K"},
        {"\u1100\u1161\u11a8\uac00\u11a8\uac01\u11a8", "\uac01\uac01\uac01\u11a8"},
        {"\u0958\ufb2c", "\u0915\u093c\u05e9\u05bc\u05c1"},
        {"\U0001d160", "\U0001d158\U0001d165\U0001d16e"}, /* three times as long */
        {"\u09c7\u09be \u0dd9\u0dcf\u0dca", "\u09cb \u0ddd"},
        {"\u304b\u3099\u4e00\u3099", "\u304c\u4e00\u3099"},
        {"\ufb01\uff21\u00bd", "\ufb01\uff21\u00bd"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) becomes(rows[i][0], rows[i][1]);
}

static void other_bytes(void **state) {
    (void)state;
    becomes("\xff\xcc\x81 e\xcc\x81\xcc", "\xff\xcc\x81 \xc3\xa9\xcc");
    char *out;
    size_t n;
    assert_true(compose("e\0\xcc\x81", 4, &out, &n));
    assert_int_equal(n, 4);
    assert_memory_equal(out, "e\0\xcc\x81", 5);
    free(out);
}

/* The longer sort, and its time: by pairs this would take an hour. */
static void many_marks(void **state) {
    (void)state;
    enum { MARKS = 1 << 20 };
    char *text = malloc(1 + 2 * MARKS + 1), *out;
    size_t n;
    text[0] = 'a';
    for (int i = 0; i < MARKS; i++) memcpy(text + 1 + 2 * i, i % 2 ? "\xcc\xa3" : "\xcc\x81", 2); /* below, above */
    assert_true(compose(text, 1 + 2 * MARKS, &out, &n));
    assert_memory_equal(out, "\u1ea1\u0323", 5);
    assert_memory_equal(out + n - 2, "\u0301", 3);
    assert_int_equal(n, 3 + 2 * (MARKS - 1));
    free(text);
    free(out);
}

static void same(void **state) {
    (void)state;
    assert_true(compose_same("caf\u00e9", "cafe\u0301"));
    assert_true(compose_same("", ""));
    assert_false(compose_same("cafe", "cafe\u0301"));
    assert_false(compose_same("cafe", "caf"));
    assert_false(compose_same("caf\u00e9", "CAFE\u0301"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_python), cmocka_unit_test(other_bytes),
                                       cmocka_unit_test(many_marks), cmocka_unit_test(same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
