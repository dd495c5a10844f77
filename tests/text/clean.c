/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "support/heard.h"
#include "text/clean.h"

#include <ocelli.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *text, *want; /* what Python gives */
};

static void check_bytes(const char *text, size_t length, const char *want, size_t want_length) {
    char *exact = malloc(length ? length : 1), *out; /* not terminated: a read behind its end shows */
    if (length) memcpy(exact, text, length);
    size_t n;
    assert_int_equal(clean_text(exact, length, &out, &n), OCELLI_OK);
    if (n != want_length || memcmp(out, want, n)) print_error("`%s` became `%s`, not `%s`\n", text, out, want);
    assert_int_equal(n, want_length);
    assert_memory_equal(out, want, n + 1);
    free(out);
    free(exact);
}

static void check_rows(const struct row *rows, size_t count) {
    for (size_t i = 0; i < count; i++)
        check_bytes(rows[i].text, strlen(rows[i].text), rows[i].want, strlen(rows[i].want));
}
#define CHECK(rows) check_rows(rows, sizeof rows / sizeof *rows)

static void names(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"&amp;", "&"},
        {"&amp", "&"},
        {"&AMP;", "&"},
        {"&Amp;", "&amp;"}, /* no such name; then lower case */
        {"a&ampb", "a&b"},
        {"&amp;amp;amp;", "&amp;"}, /* twice, not until nothing changes */
        {"&amp;lt;", "<"},
        {"&notit;", "¬it;"},
        {"&notin;", "∉"},
        {"&notin", "¬in"}, /* needs its semicolon */
        {"&nosuch;", "&nosuch;"},
        {"&;&&amp;& ;&", "&;&&& ;&"},
        {"&lt&gt&quot", "<>\""},
        {"&frac12&frac123", "½½3"},
        {"&eacute;&Eacute", "éé"},
        {"&ampé;", "&é;"},
        {"&nGg;&bne;", "⋙̸=⃥"}, /* values of two code points, the longest for their name */
        {"&CounterClockwiseContourIntegral;", "∳"},
        {"&CounterClockwiseContourIntegral", "&counterclockwisecontourintegral"},
        {"&CounterClockwiseContourIntegralxxxxxxxxxxxxx;", "&counterclockwisecontourintegralxxxxxxxxxxxxx;"},
        {"&Aacute;&zwnj;x", "á\u200cx"},
        {"&AElig&zwj;", "æ\u200d"},
        {"a&nbsp;b&nbsp;", "a b"},
        {"&Tab;a&NewLine;&NewLine;b", "a b"},
        {"&a", "&a"},
        {"&", "&"},
    };
    CHECK(rows);
}

static void numbers(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"&#65;&#x42;&#X43;", "abc"},
        {"&#65&#x42x", "abx"},
        {"&#x;&#;&#x&#", "&#x;&#;&#x&#"},
        {"&#xg;&#-1;", "&#xg;&#-1;"},
        {"&#0;", "\ufffd"},
        {"&#xd800;&#xdfff;", "\ufffd\ufffd"},
        {"&#x110000;&#99999999999999999999999;", "\ufffd\ufffd"},
        {"&#x100000041;&#4294967361;", "\ufffd\ufffd"}, /* A, if 32 bits went round */
        {"&#x10ffff;&#xffff;&#xfdd0;&#xfdef;&#xfdcf;", "\ufdcf"},
        {"&#x10fffd;", "\U0010fffd"},
        {"a&#1;&#8;&#11;&#14;&#31;&#127;b", "ab"}, /* control characters: nothing */
        {"a&#9;&#10;&#12;&#13;b", "a b"},
        {"a&#128;&#x99;&#159;b", "a€™ÿb"}, /* Windows-1252 */
        {"a&#129;&#157;b", "a\302\201\302\235b"},
        {"a&#133;b", "a…b"},
        {"a&#160;b", "a b"},
        {"&#38;#38;", "&"},
        {"&#38;lt", "<"},
        {"&#x1F600;", "😀"},
        {"&#0000000000000000000065;", "a"},
        {"&#1234x", "ӓx"},
    };
    CHECK(rows);
}

static void spaces(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"", ""},
        {" ", ""},
        {" \t\n\v\f\r ", ""},
        {"  a  b  ", "a b"},
        {"a\302\205b\u00a0c\u1680d\u2003e\u2028f\u202fg\u205fh\u3000", "a b c d e f g h"},
        {"a\u200bb\ufeffc\u180ed", "a\u200bb\ufeffc\u180ed"}, /* not white space */
        {"\x1c a \x1d b\x1e \x1f", "a \x1d b"},               /* Python's strip() takes them, \s does not */
        {"\x1c\x1d\x1e\x1f", ""},
        {" \x1c ", ""},
        {"a\x1c\x1c", "a"},
    };
    CHECK(rows);
}

static void lower_case(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"A Photo OF a CAT", "a photo of a cat"},
        {"ÀÉÎ ŁÓDŹ ẞ", "àéî łódź ß"},
        {"İSTANBUL İ", "i\u0307stanbul i\u0307"},
        {"ıſ", "ıſ"},
        {"\u212a\u212b\u2126", "kåω"},
        {"ΣΑΣ", "σας"},
        {"Σ Α Σ", "σ α σ"},
        {"ΑΣ.", "ας."},
        {"ΑΣ.Β ΑΣ'Β ΑΣ,Β ΑΣ''", "ασ.β ασ'β ας,β ας''"},
        {"ΟΔΥΣΣΕΥΣ", "οδυσσευς"},
        {"Α\u0301Σ\u0301", "\u03ac\u03c2\u0301"},
        {"1Σ", "1σ"},
        {"ⅧΣ", "ⅷς"},
        {"ªΣ", "ªς"},
        {"ⒶΣ", "ⓐς"},
        {"𐐀Ꭰ", "𐐨ꭰ"},
        /* each character that may stand inside a word */
        {"Α'.:·\u0387\u055f\u05f4‘’․‧\ufe13\ufe52\ufe55\uff07\uff0e\uff1aΣ",
         "α'.:·\u00b7\u055f\u05f4‘’․‧\ufe13\ufe52\ufe55\uff07\uff0e\uff1aς"},
        {"ȺȾ", "ⱥⱦ"}, /* two bytes become three */
    };
    CHECK(rows);
}

/* NFC after the first unescaping, and before lower case: as ftfy does, and transformers but for the entities. */
static void composed(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"cafe\u0301", "caf\u00e9"},
        {"CAFE\u0301 caf\u00e9", "caf\u00e9 caf\u00e9"},
        {"cafe&#x301;", "caf\u00e9"},
        {"cafe&amp;#x301;", "cafe\u0301"}, /* too late: the second unescaping makes the accent */
        {"o\u0323\u0302 o\u0302\u0323 \u00f4\u0323 \u1ecd\u0302", "\u1ed9 \u1ed9 \u1ed9 \u1ed9"},
        {"\u1100\u1161\u11a8 \uac00\u11a8", "\uac01 \uac01"},
        {"\u304b\u3099", "\u304c"},
        {"\u0958", "\u0915\u093c"}, /* has no composed form */
        {"J\u030c \u01f0", "j\u030c \u01f0"},
        {"ﬁ ½ ＡＢ", "ﬁ ½ ａｂ"}, /* only NFKC would change these */
    };
    CHECK(rows);
}

static void bytes(void **state) {
    (void)state;
    check_bytes("A\0B", 3, "a\0b", 3);
    check_bytes("\0", 1, "\0", 1);
    check_bytes(" \0 ", 3, "\0", 1);
    check_bytes("&amp\0;", 6, "&\0;", 3);
    check_bytes("&\0amp;", 6, "&\0amp;", 6);
    check_bytes("&#\0", 3, "&#\0", 3);
    check_bytes("&amp;x", 4, "&", 1); /* ends in the middle of a name */
    check_bytes("&#x26;", 3, "&#x", 3);
    check_bytes("&#12", 3, "", 0); /* number 1 gives nothing */
    check_bytes("\ufffe\uffff\U0010ffff\ufdd0", 13, "\ufffe\uffff\U0010ffff\ufdd0", 13);
    check_bytes(NULL, 0, "", 0);
}

static void refused(const char *text, size_t length, int want, const char *said) {
    char *out = (char *)text;
    size_t n = 7;
    listen();
    assert_int_equal(clean_text(text, length, &out, &n), want);
    ocelli_set_log(NULL, NULL);
    assert_null(out);
    assert_int_equal(heard.lines, 1);
    if (!strstr(heard.text, said)) print_error("said `%s`, not `%s`\n", heard.text, said);
    assert_non_null(strstr(heard.text, said));
}

static void not_utf8(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int offset;
    } rows[] = {
        {"\x80", 0},             /* continuation alone */
        {"a\xff", 1},            /* no such byte */
        {"ab\xc3", 2},           /* cut short, at the end */
        {"\xe2\x82", 0},         /* the same */
        {"\xe2\x82z", 0},        /* and before another character */
        {"\xf0\x9f\x98", 0},     /* the same */
        {"é\xc0\x80", 2},        /* overlong NUL */
        {"\xc1\xbf", 0},         /* overlong DEL */
        {"\xe0\x80\x80", 0},     /* overlong, three bytes */
        {"\xe0\x9f\xbf", 0},     /* the same */
        {"\xf0\x80\x80\x80", 0}, /* overlong, four bytes */
        {"\xed\xa0\x80", 0},     /* lone surrogate, high */
        {"\xed\xbf\xbf", 0},     /* lone surrogate, low */
        {"\xf4\x90\x80\x80", 0}, /* over U+10FFFF */
        {"\xf8\x88\x80\x80\x80", 0},
        {"caf\xe9", 3}, /* Latin-1 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char offset[32];
        snprintf(offset, sizeof offset, "at offset %d)", rows[i].offset);
        refused(rows[i].text, strlen(rows[i].text), OCELLI_ERR_USAGE, offset);
    }
}

static void too_long(void **state) {
    (void)state;
    size_t length = CLEAN_LONGEST + (size_t)1;
    char *text = calloc(length, 1);
    assert_non_null(text);
    refused(text, length, OCELLI_ERR_LIMIT, "at most 16777216");
    free(text);
}

/* Every growth at once, and what would take quadratic time if each character looked far ahead. */
static void growth(void **state) {
    (void)state;
    static const struct {
        const char *piece, *becomes;
    } rows[] = {{"&nGg;", "⋙̸"},
                {"Ⱥ", "ⱥ"},
                {"&", "&"},
                {"&a", "&a"},
                {"&#", "&#"},
                {"'", "'"},
                {"Σ'", NULL},
                {"&#x0", NULL},
                {" ", NULL},
                {"\U0001d160", "\U0001d158\U0001d165\U0001d16e"},
                {"a\u0301", "\u00e1"},
                {"\u0301\u0323", NULL}};
    enum { COUNT = 100000 };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t piece = strlen(rows[i].piece), n;
        char *text = malloc(COUNT * piece), *out;
        for (size_t k = 0; k < COUNT; k++) memcpy(text + k * piece, rows[i].piece, piece);
        assert_int_equal(clean_text(text, COUNT * piece, &out, &n), OCELLI_OK);
        if (rows[i].becomes) {
            size_t want = strlen(rows[i].becomes);
            assert_int_equal(n, COUNT * want);
            for (size_t k = 0; k < COUNT; k++) assert_memory_equal(out + k * want, rows[i].becomes, want);
        }
        free(text);
        free(out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),      cmocka_unit_test(numbers), cmocka_unit_test(spaces),
        cmocka_unit_test(lower_case), cmocka_unit_test(bytes),   cmocka_unit_test(not_utf8),
        cmocka_unit_test(too_long),   cmocka_unit_test(growth),  cmocka_unit_test(composed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
