/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "support/heard.h"
#include "base/ini.h"

#include <ocelli.h>
#include <string.h>

static char seen[1000];

static int begin(void *user, const struct ini_place *at, const char *argument) {
    size_t end = strlen(seen);
    snprintf(seen + end, sizeof seen - end, "%zu [%s %s]\n", at->line, (const char *)user, argument);
    return strcmp(argument, "stop") ? OCELLI_OK : OCELLI_ERR_LIMIT;
}

static int value(void *user, const struct ini_place *at, const char *key, const char *text) {
    size_t end = strlen(seen);
    snprintf(seen + end, sizeof seen - end, "%zu %s.%s=%s\n", at->line, (const char *)user, key, text);
    return strcmp(text, "stop") ? OCELLI_OK : OCELLI_ERR_USAGE;
}

static const struct ini_section run[] = {{"run", false, "R", begin, value}, {"tag", true, "T", begin, value}};
static const struct ini_section more[] = {{"", false, "-", NULL, value}, {"tag", false, "t", NULL, value}};
static const struct ini_table second = {more, 2, NULL}, both = {run, 2, &second}, first = {run, 2, NULL};

static int read_text(const char *text, const struct ini_table *table) {
    listen();
    seen[0] = '\0';
    return ini_read(text, strlen(text), "x.ini", table, NULL);
}

static void two_tables(void **state) {
    (void)state;
    assert_int_equal(read_text("a = 1\n[run]\nb=2\n[tag\ta b]\nc: \n[tag]\nd = [e]\n[run]\n", &both), OCELLI_OK);
    assert_string_equal(seen, "1 -.a=1\n2 [R ]\n3 R.b=2\n4 [T a b]\n5 T.c=\n7 t.d=[e]\n8 [R ]\n");
    assert_int_equal(heard.lines, 0);
    assert_int_equal(read_text("", &both), OCELLI_OK);
    assert_int_equal(ini_read(NULL, 0, "x.ini", &both, NULL), OCELLI_OK);
}

static void faults(void **state) {
    (void)state;
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"\na = 1\n", "x.ini:2: \"a\" stands before the first section: write its [section] above it"},
        {"[run x]\n", "x.ini:1: unknown section \"run x\": [run] or [tag NAME] are known"},
        {"[tag]\n", "x.ini:1: unknown section \"tag\": [run] or [tag NAME] are known"},
        {"[run]\nx\n", "x.ini:2: expected NAME = VALUE"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(read_text(rows[i].text, &first), OCELLI_ERR_FILE);
        assert_string_equal(heard.text, rows[i].line);
        assert_int_equal(heard.lines, 1);
    }
}

/* What the sections' functions refuse they have said; nothing comes after it. */
static void stops(void **state) {
    (void)state;
    assert_int_equal(read_text("[tag stop]\na = 1\n", &both), OCELLI_ERR_LIMIT);
    assert_string_equal(seen, "1 [T stop]\n");
    assert_int_equal(read_text("[run]\na = stop\nb = 1\nbroken\n", &both), OCELLI_ERR_USAGE);
    assert_string_equal(seen, "1 [R ]\n2 R.a=stop\n");
    assert_int_equal(heard.lines, 0);
}

/* With a struct for them every fault is told, and what is good between them is read. */
static void all_faults(void **state) {
    (void)state;
    static const char text[] =
        "a = 1\n[sauce]\nuri = x\nbroken\n[run]\nb = 1\nx\n[run\nc = 2 ; d\ne = stop\nf = 3\n[tag stop]\ng = 4\n";
    struct faults faults = {0};
    listen();
    seen[0] = '\0';
    assert_int_equal(ini_read(text, strlen(text), "x.ini", &first, &faults), OCELLI_OK);
    assert_string_equal(seen, "5 [R ]\n6 R.b=1\n10 R.e=stop\n11 R.f=3\n12 [T stop]\n13 T.g=4\n");
    assert_int_equal(faults.count, 8); /* lines 1, 2, 4, 7, 8, 9; 10 and 12 are the sections' own */
    assert_int_equal(heard.lines, 6);
    assert_int_equal(faults.first, OCELLI_ERR_FILE);
}

/* A file that is no text is one fault, not one a line. */
static void no_text(void **state) {
    (void)state;
    static const char zeros[] = "[run]\na\0 = \0\nb\0=1\nc\0=1\n";
    struct faults faults = {0};
    listen();
    assert_int_equal(ini_read(zeros, sizeof zeros - 1, "x.ini", &first, &faults), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    assert_string_equal(heard.text, "x.ini:2: a zero byte: this is not a text file");
    assert_int_equal(ini_read("[run]\ra = 1\r", 13, "x.ini", &first, &faults), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 2);
    assert_int_equal(faults.count, 0); /* given back, not passed */
}

static void longest_argument(void **state) {
    (void)state;
    char text[INI_LINE + 2];
    memset(text, 'x', sizeof text);
    memcpy(text, "[tag ", 5);
    text[INI_LINE - 1] = ']';
    text[INI_LINE] = '\0';
    assert_int_equal(read_text(text, &both), OCELLI_OK);
    text[INI_LINE - 1] = 'x', text[INI_LINE] = ']', text[INI_LINE + 1] = '\0';
    assert_int_equal(read_text(text, &both), OCELLI_ERR_FILE);
}

static void numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"0", 0},     {"-0.25", -0.25}, {"12", 12},
                {"0.1", 0.1}, {"007", 7},       {"123456789012345", 123456789012345.0}};
    static const char *const bad[] = {
        "",   "-", ".5", "5.", "1.2.3", "1e3", "+1", " 1", "1 ", "0x1", "nan", "inf", "0,5", "--1", "1234567890123456",
        "-.5"};
    double x;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(ini_number(good[i].text, &x) && x == good[i].value);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(ini_number(bad[i], &x));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_tables), cmocka_unit_test(faults),  cmocka_unit_test(stops),
        cmocka_unit_test(all_faults), cmocka_unit_test(no_text), cmocka_unit_test(longest_argument),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
