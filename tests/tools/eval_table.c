/* SPDX-License-Identifier: Apache-2.0
 * Tables of pictures and texts, as editors and spreadsheets write them, and those that are refused with their line. */
#include "ocelli/eval/eval_table.h"
#include "base/log.h"
#include "support/test.h"

#include <string.h>

static struct eval_table table;

static int parse(const char *text) {
    char *copy = malloc(strlen(text) + 1); /* of this size: a byte too many is seen */
    memcpy(copy, text, strlen(text));
    int status = eval_table_parse(&table, copy, strlen(text), "t.csv");
    free(copy);
    return status;
}

static void is_row(size_t at, const char *image, const char *text, size_t line) {
    assert_true(at < table.count);
    assert_string_equal(table.rows[at].image, image);
    assert_string_equal(table.rows[at].text, text);
    assert_int_equal(table.rows[at].line, line);
}

static void good(void **state) {
    (void)state;
    assert_int_equal(parse("a.png,cat\nb c.png, a dog \n\n\nd.png,\"a, \"\"big\"\"\ncow\"\ne.png,pig"), 0);
    assert_int_equal(table.count, 4);
    is_row(0, "a.png", "cat", 1);
    is_row(1, "b c.png", "a dog", 2);
    is_row(2, "d.png", "a, \"big\"\ncow", 5);
    is_row(3, "e.png", "pig", 7);
    eval_table_finish(&table);
    assert_int_equal(parse("\xEF\xBB\xBFid,Label,FileName\r\n7,cat,a.png\r\n8,dog,b.png\r\n"), 0);
    assert_int_equal(table.count, 2);
    is_row(1, "b.png", "dog", 3);
    eval_table_finish(&table);
    assert_int_equal(parse("a.png\tone, two\nb.png\tthree\n"), 0);
    is_row(0, "a.png", "one, two", 1);
    assert_true(table.texts && !table.groups);
    assert_null(table.rows[0].group);
    eval_table_finish(&table);
}

static void groups(void **state) {
    (void)state;
    assert_int_equal(parse("image,label,group\na.png,cat,old\nb.png,dog,\nc.png,pig\n"), 0);
    assert_true(table.texts && table.groups);
    assert_string_equal(table.rows[0].group, "old");
    assert_string_equal(table.rows[1].group, "");
    assert_string_equal(table.rows[2].group, ""); /* a line may end before */
    eval_table_finish(&table);
    assert_int_equal(parse("Group,file\nold,a.png\n"), 0);
    assert_true(!table.texts && table.groups);
    assert_null(table.rows[0].text);
    assert_string_equal(table.rows[0].image, "a.png");
    assert_string_equal(table.rows[0].group, "old");
    eval_table_finish(&table);
}

static void bad(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", "t.csv: no line in it"},
        {"image,label\n\n", "t.csv: no line in it"},
        {"a.png\n", "t.csv:1: has no second column"},
        {"a.png,cat\nb.png,one,two\n", "t.csv:2: has more than two columns"},
        {"image,x,label\na.png,1\n", "t.csv:2: has too few columns"},
        {"a.png,\n", "t.csv:1: has no text"},
        {",cat\n", "t.csv:1: names no picture"},
        {"a.png,\"cat\n\n", "t.csv:1: a quoted text does not end"},
        {"a.png,\"cat\"s\n", "t.csv:1: something stands behind"},
        {"a.png,\xFF\n", "t.csv:1: is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char why[LOG_LINE];
        log_hold(why, sizeof why);
        int status = parse(cases[i][0]);
        log_release();
        assert_int_equal(status, OCELLI_ERR_FILE);
        if (!strstr(why, cases[i][1])) fail_msg("said \"%s\", not \"%s\"", why, cases[i][1]);
        assert_int_equal(table.count, 0);
    }
    char why[LOG_LINE];
    log_hold(why, sizeof why);
    int status = eval_table_parse(&table, "a,b\0", 4, "t.csv");
    log_release();
    assert_int_equal(status, OCELLI_ERR_FILE);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(groups), cmocka_unit_test(bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
