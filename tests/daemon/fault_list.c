/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/fault_list.h"
#include "support/heard.h"
#include "support/test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64], all[65536];
static struct fault_list list;

static int setup(void **state) {
    (void)state;
    snprintf(path, sizeof path, "/tmp/ocelli-fault-list.%d", (int)getpid());
    fault_list_init(&list);
    listen();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    fault_list_finish(&list);
    unlink(path);
    rmdir(path);
    return 0;
}

static void add(void *user, const char *text) {
    strcat(strcat(user, text), "|");
}

static const char *told(void) {
    *all = 0;
    fault_list_each(&list, add, all);
    return all;
}

static void write_file(const char *text) {
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
    fault_list_read(&list, path);
}

static void test_own(void **state) {
    (void)state;
    char long_text[FAULT_TEXT + 10] = "x";
    assert_string_equal(told(), "");
    fault_list_set(&list, FAULT_EDIT, "edit");
    fault_list_set(&list, FAULT_SOURCE, "source");
    assert_string_equal(told(), "source|edit|");
    fault_list_set(&list, FAULT_SOURCE, NULL);
    fault_list_set(&list, FAULT_EDIT, "");
    assert_string_equal(told(), "");
    while (strlen(long_text) < FAULT_TEXT + 4) strcat(long_text, "é"); /* the limit is in the middle of one */
    fault_list_set(&list, FAULT_STATE, long_text);
    told();
    assert_true(strlen(all) <= FAULT_TEXT && !strncmp(all, long_text, strlen(all) - 1));
    assert_true((strlen(all) - 2) % 2 == 0);
}

static void test_file(void **state) {
    (void)state;
    fault_list_set(&list, FAULT_HISTORY, "history");
    fault_list_read(&list, NULL);
    fault_list_read(&list, path); /* it is not there */
    assert_string_equal(told(), "history|");
    write_file("one\r\n\ntwo\033[31m \xff\nlast without end");
    assert_string_equal(told(), "one|two?[31m \\xff|last without end|history|");
    write_file("another");
    assert_string_equal(told(), "another|history|");
    write_file("");
    assert_string_equal(told(), "history|");
    write_file("back");
    unlink(path);
    fault_list_read(&list, path);
    assert_string_equal(told(), "history|");
    assert_int_equal(heard.lines, 0);
}

static void test_too_many(void **state) {
    (void)state;
    char text[4 * FAULT_LINES * 2] = "";
    for (int i = 0; i < 2 * FAULT_LINES; i++) strcat(text, "x\n");
    write_file(text);
    assert_int_equal(strlen(told()), 2 * FAULT_LINES);
}

/* A folder of that name is told once, not every second. */
static void test_no_file(void **state) {
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    fault_list_read(&list, path);
    fault_list_read(&list, path);
    assert_string_equal(told(), "");
    assert_int_equal(heard.lines, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_own), TEST(test_file), TEST(test_too_many), TEST(test_no_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
