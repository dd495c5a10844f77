/* SPDX-License-Identifier: Apache-2.0 */
#include "settings/daemon_ini.h"
#include "settings/daemon_ini_check.h"
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct place place;
static struct diagnostics report;
static struct lines lines;
static struct daemon_ini ini;

/* What is made of a settings file must be what the daemon takes. */
static const char *made(const char *text) {
    struct findings found;
    diagnostics_finish(&report);
    place = (struct place){.root = "", .arena = &arena};
    ini = (struct daemon_ini){&place, &lines, &report, "/nowhere/ocelli.ini", "test"};
    char *copy = arena_copy(&arena, text, strlen(text));
    assert_non_null(copy);
    assert_true(lines_split(&lines, &arena, copy, &report));
    daemon_ini_take(&ini);
    daemon_ini_default(&ini, "source", "uri", "camera:", false);
    daemon_ini_defaults(&ini, "[run]\nmodel = board.gguf\nthreads = 2\n[serve]\nudp = 5690\ncoap = 5683\n[tag none]\n",
                        "board");
    daemon_ini_default(&ini, "run", "model", "/model", true);
    const char *out = daemon_ini_make(&ini);
    assert_non_null(out);
    daemon_ini_check(&found, out, ini.path, NULL);
    if (found.faults) fail_msg("the daemon refuses line %zu: %s\n%s", found.list[0].line, found.list[0].text, out);
    findings_finish(&found);
    return out;
}

static void has(const char *out, const char *line) {
    if (!strstr(out, line)) fail_msg("no \"%s\" in\n%s", line, out);
}

static int teardown(void **state) {
    (void)state;
    diagnostics_finish(&report);
    arena_finish(&arena);
    return 0;
}

static void test_defaults(void **state) {
    (void)state;
    const char *out = made("");
    assert_int_equal(report.count, 0);
    has(out, "[run]\nmodel = /model\nthreads = 2\n[source]\nuri = camera:\n[serve]\nudp = 5690\ncoap = 5683\n");
    assert_null(strstr(out, "tag"));
    out = made("[run]\nthreads = 3\n[serve]\nudp = 7\n");
    has(out, "[run]\nthreads = 3\n[serve]\nudp = 7\n");
    has(out, "[run]\nmodel = /model\n[source]\nuri = camera:\n[serve]\ncoap = 5683\n");
    assert_null(strstr(out, "threads = 2"));
}

/* A value that is no good gives way to the board's. */
static void test_bad_values(void **state) {
    (void)state;
    const char *out = made("[run]\nthreads = many\n[serve]\nudp = 70000\n[source]\nuri = tset:\n");
    assert_int_equal(diagnostics_faults(&report), 3);
    has(out, "threads = 2\n");
    has(out, "udp = 5690\n");
    has(out, "uri = camera:\n");
}

/* If it clashes with a default, the default goes. */
static void test_clash(void **state) {
    (void)state;
    const char *out = made("[serve]\nudp = 5683\n");
    assert_int_equal(diagnostics_faults(&report), 1);
    has(out, "udp = 5683\n");
    assert_null(strstr(out, "coap ="));
}

static void test_lines_keep_their_numbers(void **state) {
    (void)state;
    const char *out = made("# one\n[wifi]\nname = secret\n\n[run]\nnonsense = 1\n[tag x]\n");
    assert_true(!strncmp(out, "# one\n#\n#\n#\n[run]\n#\n[tag x]\n", 28));
    assert_int_equal(report.count, 1);
    assert_int_equal(report.items[0].line, 6);
}

/* The lines of a section that nobody knows are not those of the section before. */
static void test_unknown_section(void **state) {
    (void)state;
    const char *out = made("[tag x]\non = 0.1\n[sauce]\noff = 0.05\n[tag y\nprompt = z\n[tag z]\n");
    assert_int_equal(diagnostics_faults(&report), 2);
    assert_null(strstr(out, "off = 0.05"));
    assert_null(strstr(out, "prompt = z"));
    has(out, "[tag z]\n");
}

static void test_taken(void **state) {
    (void)state;
    const char *out = made("[run]\nmodel = a.gguf\nmodel = b.gguf\ndevice = Iris\n[serve]\nkey = x:00\npsk = f\n");
    assert_string_equal(ini.model_wish, "a.gguf");
    assert_int_equal(ini.key_count, 1);
    assert_string_equal(ini.keys[0], "x:00");
    assert_int_equal(ini.key_lines[0], 6);
    assert_int_equal(diagnostics_faults(&report), 3);
    assert_null(strstr(out, "x:00"));
    assert_null(strstr(out, "a.gguf"));
}

/* A line of the daemon has 197 bytes at most; a control character cannot get here. */
static void test_long_line(void **state) {
    (void)state;
    char text[512] = "[tag x]\nprompt = ";
    while (strlen(text) < 400) strcat(text, "long ");
    strcat(text, "\nprompt = short\n");
    has(made(text), "prompt = short\n");
    assert_int_equal(diagnostics_faults(&report), 1);
}

/* Faults that show one at a time end the file in the end, so that the start does not take minutes. */
static void test_many_tags(void **state) {
    (void)state;
    enum { TAGS = 4300 };
    static char text[20 * TAGS];
    size_t used = 0;
    for (int i = 0; i < TAGS; i++) used += (size_t)sprintf(text + used, "[tag t%d]\n", i);
    has(made(text), "[tag t4000]\n");
    assert_in_range(diagnostics_faults(&report), 1, 30);
    char *told = diagnostics_lines(&report);
    has(told, "from here on the daemon's sections are left out");
    free(told);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),        TEST(test_bad_values), TEST(test_clash),     TEST(test_lines_keep_their_numbers),
        TEST(test_unknown_section), TEST(test_taken),      TEST(test_long_line), TEST(test_many_tags)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
