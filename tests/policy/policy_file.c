/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "support/heard.h"
#include "policy/policy_file.h"

#include <math.h>
#include <string.h>

static struct policy_file file;

static int parse(const char *text) {
    listen();
    return policy_file_parse(&file, text, strlen(text), "p.ini", NULL);
}

#define GOOD "[policy a]\nprompt = a knife\nfalse_alarms = 1%\n"
#define KEY "0123456789abcdef"

static void reads(void **state) {
    (void)state;
    assert_int_equal(parse("template = a photo of {}.\n" GOOD
                           "[policy b c]\nprompt = x\nprompt = y\nagainst = z\ntemplate = {}\naction = drop\n"
                           "threshold = -0.25\n[abstain]\nfalse_alarms = 0.5%\nlearnt = 0.125\nlearnt_for = 0.5% " KEY
                           "\nlearnt_from = people may write here\n"),
                     OCELLI_OK);
    assert_int_equal(file.count, 2);
    const struct policy *a = &file.policies[0], *b = &file.policies[1];
    assert_true(a->action == POLICY_FLAG && fabs(a->rule.budget - 0.01) < 1e-12 && isnan(policy_threshold(&a->rule)));
    assert_ptr_equal(policy_file_templates(&file, a), &file.templates);
    assert_ptr_equal(policy_file_templates(&file, b), &b->templates);
    assert_true(b->prompts.count == 2 && b->against.count == 1 && b->action == POLICY_DROP && b->line == 5);
    assert_true(policy_threshold(&b->rule) == -0.25);
    assert_true(file.abstains && policy_threshold(&file.abstain) == 0.125);
    policy_file_finish(&file);
}

/* Of Windows: with a mark, and CR before LF. */
static void windows(void **state) {
    (void)state;
    assert_int_equal(parse("\xEF\xBB\xBF[policy a]\r\nprompt = a knife\r\naction = blur\r\nthreshold = 0.5\r\n"),
                     OCELLI_OK);
    assert_string_equal(file.policies[0].prompts.texts[0], "a knife");
    assert_int_equal(file.policies[0].action, POLICY_BLUR);
    policy_file_finish(&file);
}

/* Each one line, which tells the place. */
static void faults(void **state) {
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"", "p.ini: no policy: write a [policy NAME] section for each"},
        {GOOD GOOD, "p.ini:4: policy \"a\" again, first in line 1: join the two"},
        {"[policy a]\nthreshold = 0.1\n",
         "p.ini:1: policy \"a\" has no prompt: write what is to be seen, as prompt = a knife"},
        {GOOD "against = a knife\n",
         "p.ini:1: policy \"a\": \"a knife\" is a prompt and stands against it too: keep one"},
        {GOOD "action = burn\n", "p.ini:4: action = \"burn\": give flag, blur or drop"},
        {GOOD "action = flag\naction = drop\n", "p.ini:5: action again, first in line 4: keep one"},
        {GOOD "threshold = 0.1\n",
         "p.ini:4: threshold, but false_alarms in line 3: only one can decide: remove the other"},
        {"[policy a]\nprompt = x\nthreshold = 0.1\nlearnt = 0.2\nlearnt_for = 1% " KEY "\n",
         "p.ini:3: threshold, but learnt in line 4: only one can decide: remove the other"},
        {"[policy a]\nprompt = x\n",
         "p.ini:1: this policy has neither threshold nor false_alarms: write false_alarms = 1%"},
        {"[policy a]\nprompt = x\nthreshold = 1.5\n",
         "p.ini:3: threshold = \"1.5\": a margin of cosines is a number from -1 to 1, as 0.03"},
        {"[policy a]\nprompt = x\nthreshold = nan\n",
         "p.ini:3: threshold = \"nan\": a margin of cosines is a number from -1 to 1, as 0.03"},
        {"[policy a]\nprompt = x\nfalse_alarms = 0.01\n",
         "p.ini:3: false_alarms = \"0.01\": give the share of ordinary pictures, from 0.01% to 50%, as 1%"},
        {"[policy a]\nprompt = x\nfalse_alarms = 51%\n",
         "p.ini:3: false_alarms = \"51%\": give the share of ordinary pictures, from 0.01% to 50%, as 1%"},
        {GOOD "false_alarms = 2%\n", "p.ini:4: false_alarms again, first in line 3: keep one"},
        {GOOD "learnt = 0.1\n",
         "p.ini:4: learnt and learnt_for belong together: remove both and run `ocelli moderate --learn`"},
        {GOOD "learnt = 0.1\nlearnt_for = 2% " KEY "\n",
         "p.ini:3: false_alarms = 1%, but what was learnt is for 2%: run `ocelli moderate --learn` again"},
        {GOOD "learnt = 0.1\nlearnt_for = 1%\n",
         "p.ini:5: learnt_for is not as `ocelli moderate --learn` writes it: remove the learnt lines and learn again"},
        {GOOD "prompt =\n", "p.ini:4: prompt has no value: write one or remove the line"},
        {GOOD "template = x\n", "p.ini:4: template \"x\": write {} exactly once, where the prompt goes"},
        {GOOD "on = 1\n", "p.ini:4: unknown key \"on\": prompt, against, template, action, threshold and false_alarms "
                          "are known in a policy"},
        {"[policy]\n", "p.ini:1: unknown section \"policy\": [templates], [policy NAME] or [abstain] are known"},
        {GOOD "[abstain]\n", "p.ini:4: [abstain] has neither threshold nor false_alarms: write false_alarms = 1%"},
        {GOOD "[abstain]\nprompt = x\n",
         "p.ini:5: unknown key \"prompt\": threshold and false_alarms are known in [abstain]"},
        {GOOD "[abstain]\n[abstain]\n", "p.ini:5: [abstain] again, first in line 4: join the two"},
        {"[policy a]\nprompt = \xff\nthreshold = 0\n", "p.ini:1: this policy is not UTF-8: save the file as UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(parse(rows[i].text), OCELLI_ERR_FILE);
        assert_string_equal(heard.text, rows[i].line);
        assert_int_equal(heard.lines, 1);
        assert_int_equal(file.count, 0);
    }
}

/* With `faults` all of them are told. */
static void all_faults(void **state) {
    static const char text[] =
        "[policy a]\naction = burn\nthreshold = 2\n[policy b]\nprompt = x\nagainst = x\nthreshold = 0\n";
    struct faults faults = {0};
    (void)state;
    listen();
    assert_int_equal(policy_file_parse(&file, text, sizeof text - 1, "p.ini", &faults), OCELLI_OK);
    assert_true(faults.count == 4 && heard.lines == 4); /* burn, 2, no prompt, x against x */
    policy_file_finish(&file);
}

static void learnt_for(const char *more, const char *model, char key[POLICY_KEY_SIZE]) {
    char text[512];
    snprintf(text, sizeof text, "%s%s", more, GOOD);
    assert_int_equal(parse(text), OCELLI_OK);
    policy_file_key(&file, &file.policies[0], model, key);
    policy_file_finish(&file);
}

/* Other texts, templates or another model: another key. Comments and names: the same. */
static void keys(void **state) {
    char key[POLICY_KEY_SIZE], other[POLICY_KEY_SIZE], text[512];
    (void)state;
    learnt_for("", "m", key);
    learnt_for("# nothing\n", "m", other);
    assert_string_equal(key, other);
    learnt_for("", "n", other);
    assert_string_not_equal(key, other);
    learnt_for("template = a {}\n", "m", other);
    assert_string_not_equal(key, other);
    assert_int_equal(parse(GOOD), OCELLI_OK);
    assert_int_equal(policy_file_ready(&file, NULL, NULL), OCELLI_ERR_FILE);
    assert_string_equal(
        heard.text, "p.ini:1: \"a\" has learnt no threshold yet: run `ocelli moderate --learn` on ordinary pictures");
    policy_file_finish(&file);
    snprintf(text, sizeof text, "%slearnt = 0.1\nlearnt_for = 1%% %s\n", GOOD, key);
    assert_int_equal(parse(text), OCELLI_OK);
    assert_int_equal(policy_file_ready(&file, "m", NULL), OCELLI_OK);
    assert_int_equal(policy_file_ready(&file, "n", NULL), OCELLI_ERR_FILE);
    assert_string_equal(
        heard.text, "p.ini:4: \"a\" has learnt with another model or other texts: run `ocelli moderate --learn` again");
    policy_file_finish(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(windows), cmocka_unit_test(faults),
                                       cmocka_unit_test(all_faults), cmocka_unit_test(keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
