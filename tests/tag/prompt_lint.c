/* SPDX-License-Identifier: Apache-2.0
 * What a prompt asks that the model card rules out, and what only looks like it; one line for all of a set. */
#include "tag/prompt_lint.h"
#include "base/log.h"
#include "daemon/config.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static void kinds(void **state) {
    (void)state;
    static const struct {
        const char *prompt;
        enum prompt_lint_kind kind;
    } cases[] = {
        {"the face of John Smith", PROMPT_LINT_IDENTITY},
        {"Face recognition", PROMPT_LINT_IDENTITY},
        {"Mr. Smith at the door", PROMPT_LINT_IDENTITY},
        {"a woman named Anna", PROMPT_LINT_IDENTITY},
        {"a photo of a celebrity.", PROMPT_LINT_IDENTITY},
        {"a male customer", PROMPT_LINT_SEX},
        {"a photo of a female face", PROMPT_LINT_SEX},
        {"an elderly person on the floor", PROMPT_LINT_AGE},
        {"a middle-aged man", PROMPT_LINT_AGE},
        {"somebody 40 years old", PROMPT_LINT_AGE},
        {"a black man", PROMPT_LINT_ETHNICITY},
        {"An Asian young woman", PROMPT_LINT_ETHNICITY},
        {"illegal immigrants", PROMPT_LINT_ETHNICITY},
        {"an angry man", PROMPT_LINT_EMOTION},
        {"a person who is sad", PROMPT_LINT_EMOTION},
        {"the driver looks bored", PROMPT_LINT_EMOTION},
        {"a suspicious person", PROMPT_LINT_CRIME},
        {"a thief", PROMPT_LINT_CRIME},
        {"eine Katze auf dem Sofa", PROMPT_LINT_LANGUAGE},
        {"une voiture rouge", PROMPT_LINT_LANGUAGE},
        {"猫", PROMPT_LINT_LANGUAGE},
        {"кошка", PROMPT_LINT_LANGUAGE},
        {"ένας σκύλος", PROMPT_LINT_LANGUAGE},
        /* what people look for, and words that mean another thing */
        {"a person", PROMPT_LINT_NONE},
        {"a man with a dog", PROMPT_LINT_NONE},
        {"people at the gate", PROMPT_LINT_NONE},
        {"a child", PROMPT_LINT_NONE},
        {"a face", PROMPT_LINT_NONE},
        {"the face of a clock", PROMPT_LINT_NONE},
        {"a north face of the Eiger", PROMPT_LINT_NONE},
        {"an old car", PROMPT_LINT_NONE},
        {"a man in a black jacket", PROMPT_LINT_NONE},
        {"a white van, man beside it", PROMPT_LINT_NONE},
        {"a black dog and a man", PROMPT_LINT_NONE},
        {"an angry dog", PROMPT_LINT_NONE},
        {"a sad clown fish", PROMPT_LINT_NONE},
        {"a female connector", PROMPT_LINT_NONE},
        {"a happy birthday card", PROMPT_LINT_NONE},
        {"a race car", PROMPT_LINT_NONE},
        {"a café à la carte, naïve façade", PROMPT_LINT_NONE},
        {"an “open” door — 50 °C", PROMPT_LINT_NONE},
        {"a cat \xF0\x9F\x90\x88 \xE2\x86\x92", PROMPT_LINT_NONE},
        {"", PROMPT_LINT_NONE},
        {"\xE7\x8C", PROMPT_LINT_NONE}, /* cut short: no byte beyond is read */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *copy = strdup(cases[i].prompt); /* of this size: a byte too many is seen */
        if (prompt_lint_kind(copy) != cases[i].kind) print_error("\"%s\"\n", copy);
        assert_int_equal(prompt_lint_kind(copy), cases[i].kind);
        free(copy);
    }
}

/* The line is kept here. */
static char said[1024];
static size_t lines;

static void hear(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    assert_int_equal(level, OCELLI_LOG_WARNING);
    snprintf(said, sizeof said, "%s", message);
    lines++;
}

static bool tell(const char *const *prompts, bool english) {
    struct prompt_lint lint = {.man = false};
    for (; *prompts; prompts++) prompt_lint_add(&lint, *prompts);
    lines = 0, *said = '\0';
    return prompt_lint_tell(&lint, "f.ini", english);
}

static void line(void **state) {
    (void)state;
    const char *const several[] = {"a dog", "an angry man", "a thief", "猫", NULL}, *const none[] = {"a dog", NULL};
    const char *const foreign[] = {"a dog", "猫", NULL}, *const man[] = {"a photo of a man.", "men", NULL};
    const char *const both[] = {"a photo of a man.", "a photo of a woman.", "women", NULL};
    char longest[400];
    const char *const long_one[] = {longest, NULL};
    ocelli_set_log(hear, NULL);
    unsetenv(PROMPT_LINT_VARIABLE);
    assert_true(tell(several, true) && lines == 1);
    assert_non_null(strstr(said, "f.ini: prompt \"an angry man\" takes a look for a feeling"));
    assert_non_null(strstr(said, "so it is with 2 more"));
    assert_true(tell(several, false) && strstr(said, "with 1 more"));
    assert_false(tell(none, true) || tell(foreign, false) || tell(man, true));
    assert_true(tell(foreign, true) && strstr(said, "limits it to English"));
    assert_true(tell(both, true) && strstr(said, "by sex") && !strstr(said, "more"));
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "a thief ", 8), longest[sizeof longest - 1] = '\0';
    assert_true(tell(long_one, true) && strlen(said) < 400);
    setenv(PROMPT_LINT_VARIABLE, "off", 1);
    assert_false(tell(several, true));
    assert_int_equal(lines, 0);
    unsetenv(PROMPT_LINT_VARIABLE);
    ocelli_set_log(NULL, NULL);
}

/* The tags that the project shows to people. */
static void ours(void **state) {
    (void)state;
    static const char *const files[] = {"tools/demo/tags.ini", "tools/demo/demo.ini", "tools/demo/watch.ini",
                                        "tools/ocelli/init/example/ocelli.ini"};
    char path[4096], label[128];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct tags_file file;
        struct prompt_lint lint = {.man = false};
        const struct tags_file_options options = config_passed_over;
        snprintf(path, sizeof path, "%s/%s", getenv("OCELLI_SOURCE"), files[i]);
        assert_int_equal(tags_file_read(&file, path, &options), 0);
        assert_true(file.count > 0 || strstr(path, "init"));
        prompt_lint_add_file(&lint, &file);
        assert_false(prompt_lint_tell(&lint, path, true));
        tags_file_finish(&file);
    }
    size_t count = 0;
    struct prompt_lint lint = {.man = false};
    snprintf(path, sizeof path, "%s/tools/demo/labels.txt", getenv("OCELLI_SOURCE"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (; fgets(label, sizeof label, f); count++) prompt_lint_add(&lint, label);
    fclose(f);
    assert_true(count >= 100);
    assert_false(prompt_lint_tell(&lint, path, true));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds), cmocka_unit_test(line), cmocka_unit_test(ours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
