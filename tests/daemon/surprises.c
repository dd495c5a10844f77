/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/surprises.h"
#include "support/test.h"

#include <ocelli.h>
#include <stdlib.h>
#include <string.h>

static struct {
    char lines[40][600];
    size_t count;
} said;

static void hear_all(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    assert_int_equal(level, OCELLI_LOG_WARNING);
    assert_true(said.count < 40);
    snprintf(said.lines[said.count++], 600, "%s", message);
}

static size_t surprises_of(const char *text) {
    struct daemon_config c;
    memset(&said, 0, sizeof said);
    ocelli_set_log(hear_all, NULL);
    assert_int_equal(config_parse(&c, text, strlen(text), "o.ini"), OCELLI_OK);
    size_t count = config_surprises(&c);
    config_finish(&c);
    return count;
}

#define HEAD "[source]\nuri = test:\n[run]\nstate = state\n"

static void test_none(void **state) {
    (void)state;
    static const char *const good[] = {
        HEAD "[tag cat]\nagainst = a dog\n",
        HEAD "[tag cat]\non = 0.3\n[tag dog]\non = 0.1\noff = 0.1\n",
        HEAD "[tag cat]\ngroup = pets\non = 0\n[tag dog]\ngroup = pets\non = 0.02\n",
        HEAD "[tag cat]\ngroup = pets\nagainst = a dog\n",
        HEAD "[tag a]\ntemplate = {} in the sun\nprompt = cat\ngroup = g\n[tag b]\nprompt = cat\ngroup = g\n",
        HEAD
        "[tag a]\nprompt = cat\ngroup = g\n[tag b]\nprompt = cat\ngroup = h\n[tag c]\ngroup = h\n[tag d]\ngroup = g\n",
        "[source]\nuri = test:\n[tag cat]\non = 0.3\n", /* nothing is learnt */
        "[source]\nuri = files:in\n[defaults]\nsmooth = 0\n[tag cat]\non = 0.3\n",
        "[source]\nuri = files:in\n[tag cat]\non = 0.3\nsmooth = 0\n",
        "template = a photo of {}.\ntemplate = {}\n" HEAD "[tag a cat]\n",
        "template = a photo of a {}.\ntemplate = banana {}\ntemplate = the{}\n" HEAD "[tag another]\n[tag theatre]\n",
        "[source]\nuri = test:\n[memory]\nfile = history\n[tag cat]\non = 0.3\n",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (surprises_of(good[i])) fail_msg("%zu: %s", i, said.lines[0]);
        assert_int_equal(said.count, 0);
    }
}

static void test_each(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {HEAD, "o.ini: no tags: nothing can turn on; write a section [tag NAME]"},
        {"[source]\nuri = test:\n[tag cat]\n",
         "o.ini: no state = FOLDER under [run]: what the tags learn is lost at the end, and learnt anew"},
        {"[source]\nuri = test:\n[run]\nstate = /tmp/s\n[tag cat]\n",
         "o.ini:4: state = /tmp/s: the system empties that folder"},
        {"[source]\nuri = test:\n[run]\nstate = /proc/none/state\n[tag cat]\n",
         "o.ini:4: state = /proc/none/state: what the daemon learns cannot be saved there (No such file or directory)"},
        {HEAD "[memory]\nfile = no/history\n[tag cat]\n",
         "o.ini:6: file = no/history: no picture is kept while its folder cannot be "},
        {"[source]\nuri = files:in\n[tag cat]\non = 0.3\n",
         "o.ini:2: smooth, min_on and min_off are made for a stream"},
        {HEAD "[tag cat]\non = 0.02\n",
         "o.ini:5: tag \"cat\" is nearly always on: without against = or a group, on = 0.02"},
        {HEAD "[defaults]\non = 0.02\n[tag cat]\n", "o.ini:7: tag \"cat\" is nearly always on"},
        {HEAD "[tag cat]\nagainst = dog\non = -0.1\n",
         "o.ini:5: tag \"cat\" is on with on = -0.1 also when a rival fits better"},
        {HEAD "[tag cat]\non = 0.9\n", "o.ini:5: tag \"cat\" is hardly ever on: a cosine seldom reaches on = 0.9"},
        {HEAD "[tag cat]\nagainst = dog\non = 1\n", "is hardly ever on: a difference of cosines seldom reaches on = 1"},
        {HEAD "[tag cat]\ngroup = pets\n[tag dog]\n", "o.ini:5: tag \"cat\" is the only one in the group \"pets\""},
        {HEAD "[tag cat]\nagainst = a dog\nagainst = CAT\n",
         "o.ini:5: tag \"cat\" is told apart from the same text as its own, \"cat\""},
        {"template = {}\ntemplate = a photo of the {}.\n" HEAD "[tag x]\nprompt = cat\nprompt = A cat\n",
         "o.ini:7: tag \"x\": \"A cat\" in the template \"a photo of the {}.\" gives two articles"},
        {HEAD "[tag b]\nprompt = Cat\ngroup = g\n[tag x]\ngroup = g\n[tag a]\ngroup = g\nprompt = cat\n",
         "o.ini:10: tag \"a\" has the same text as its rival \"b\" in line 5"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t count = surprises_of(rows[i].text);
        if (count != 1 || !strstr(said.lines[0], rows[i].says))
            fail_msg("%zu lines, \"%s\", not \"%s\"", count, said.lines[0], rows[i].says);
    }
}

/* Many alike: some are written out, the others counted, and none is told twice. */
static void test_many(void **state) {
    (void)state;
    static char text[200000];
    size_t end = (size_t)sprintf(text, HEAD "[defaults]\non = 0.05\n");
    for (int i = 0; i < 4096; i++) end += (size_t)sprintf(text + end, "[tag t%d]\n", i);
    assert_int_equal(surprises_of(text), 4096);
    assert_int_equal(said.count, SURPRISES_OF_A_KIND + 1);
    assert_string_equal(said.lines[SURPRISES_OF_A_KIND], "o.ini: and 4091 more like \"nearly always on\"");
    assert_non_null(strstr(said.lines[0], "tag \"t0\"")); /* in the order of the file */
    end = (size_t)sprintf(text, HEAD "[defaults]\ngroup = g\n") - strlen("[defaults]\ngroup = g\n");
    for (int i = 0; i < 4096; i++) end += (size_t)sprintf(text + end, "[tag t%d]\ngroup = g\nprompt = same\n", i);
    assert_int_equal(surprises_of(text), 4095);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_none), cmocka_unit_test(test_each),
                                       cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
