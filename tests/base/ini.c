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
    return ini_read(text, strlen(text), "x.ini", table);
}

static void two_tables(void **state) {
    (void)state;
    assert_int_equal(read_text("a = 1\n[run]\nb=2\n[tag\ta b]\nc: \n[tag]\nd = [e]\n[run]\n", &both), OCELLI_OK);
    assert_string_equal(seen, "1 -.a=1\n2 [R ]\n3 R.b=2\n4 [T a b]\n5 T.c=\n7 t.d=[e]\n8 [R ]\n");
    assert_int_equal(heard.lines, 0);
    assert_int_equal(read_text("", &both), OCELLI_OK);
    assert_int_equal(ini_read(NULL, 0, "x.ini", &both), OCELLI_OK);
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
    } good[] = {{"0", 0}, {"-0.25", -0.25}, {"12", 12}, {"0.1", 0.1}, {"007", 7}, {"123456789012345", 123456789012345.0}};
    static const char *const bad[] = {
        "", "-", ".5", "5.", "1.2.3", "1e3", "+1", " 1", "1 ", "0x1", "nan", "inf", "0,5", "--1", "1234567890123456", "-.5"};
    double x;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_true(ini_number(good[i].text, &x) && x == good[i].value);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(ini_number(bad[i], &x));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_tables),       cmocka_unit_test(faults),  cmocka_unit_test(stops),
        cmocka_unit_test(longest_argument), cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
