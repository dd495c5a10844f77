/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "support/heard.h"
#include "noise.h"
#include "tag/tags_edit.h"

#include <math.h>
#include <ocelli.h>
#include <stdlib.h>
#include <unistd.h>

static int setup(void **state) {
    (void)state;
    listen();
    return 0;
}

static struct tags_text text_of(const char *bytes) {
    size_t size = strlen(bytes);
    char *copy = malloc(size ? size : 1);
    if (size) memcpy(copy, bytes, size);
    return (struct tags_text){.bytes = copy, .size = size, .name = "tags.ini"};
}

static void assert_text(struct tags_text *t, const char *want) {
    if (t->size != strlen(want) || memcmp(t->bytes, want, t->size)) print_error("%.*s", (int)t->size, t->bytes);
    assert_int_equal(t->size, strlen(want));
    assert_memory_equal(t->bytes, want, t->size);
}

static int set(struct tags_text *t, const char *tag, const char *key, size_t count, const char *const *values) {
    return tags_edit_set(t, tag, &(struct ini_lines){key, values, count}, 1);
}

static const char whole[] =
    "; the door\ntemplate = {}.\n\n"
    "[tag open]\n; how it looks\n  prompt =  an open door  \non = 0.1\nprompt: a gap\n\n; next\n"
    "[tag closed]\n";

static void changes_one_line(void **state) {
    (void)state;
    struct tags_text t = text_of(whole);
    assert_int_equal(set(&t, "open", "prompt", 2, (const char *[]){"an open door", "a way in"}), OCELLI_OK);
    assert_text(&t, "; the door\ntemplate = {}.\n\n"
                    "[tag open]\n; how it looks\n  prompt =  an open door  \non = 0.1\nprompt = a way in\n\n; next\n"
                    "[tag closed]\n");
    assert_int_equal(set(&t, "open", "prompt", 3, (const char *[]){"x", "a way in", "y"}), OCELLI_OK);
    assert_int_equal(set(&t, "closed", "group", 1, (const char *[]){"door"}), OCELLI_OK);
    assert_int_equal(set(&t, "open", "group", 1, (const char *[]){"door"}), OCELLI_OK);
    assert_int_equal(set(&t, "open", "on", 0, NULL), OCELLI_OK);
    assert_text(&t, "; the door\ntemplate = {}.\n\n"
                    "[tag open]\n; how it looks\nprompt = x\nprompt = a way in\nprompt = y\ngroup = door\n\n; next\n"
                    "[tag closed]\ngroup = door\n");
    free(t.bytes);
}

static void same_is_the_same_bytes(void **state) {
    (void)state;
    struct tags_text t = text_of(whole);
    assert_int_equal(set(&t, "open", "prompt", 2, (const char *[]){"an open door", "a gap"}), OCELLI_OK);
    assert_int_equal(set(&t, "open", "against", 0, NULL), OCELLI_OK);
    assert_text(&t, whole);
    free(t.bytes);
}

/* A tag is found, and a value is the same, however "é" is written; what is not changed stays byte for byte. */
static void composed_or_not(void **state) {
    (void)state;
    struct tags_text t = text_of("[tag cafe\u0301]\nprompt = a cafe\u0301\n");
    assert_int_equal(set(&t, "caf\u00e9", "prompt", 2, (const char *[]){"a caf\u00e9", "tables"}), OCELLI_OK);
    assert_text(&t, "[tag cafe\u0301]\nprompt = a cafe\u0301\nprompt = tables\n");
    assert_int_equal(set(&t, "bar", "group", 1, (const char *[]){"x"}), OCELLI_OK);
    assert_int_equal(tags_edit_remove(&t, "caf\u00e9"), OCELLI_OK);
    assert_text(&t, "\n[tag bar]\ngroup = x\n");
    free(t.bytes);
}

static void adds_and_removes(void **state) {
    (void)state;
    struct tags_text t = text_of("\xEF\xBB\xBF[tag a]\r\nprompt = x\r\n; end");
    assert_int_equal(set(&t, "b [2]", "prompt", 1, (const char *[]){"y"}), OCELLI_OK);
    assert_text(&t, "\xEF\xBB\xBF[tag a]\r\nprompt = x\r\n; end\r\n\r\n[tag b [2]]\r\nprompt = y\r\n");
    assert_int_equal(set(&t, "a", "prompt", 0, NULL), OCELLI_OK);
    assert_int_equal(set(&t, "c", "prompt", 0, NULL), OCELLI_OK);
    assert_int_equal(tags_edit_remove(&t, "b [2]"), OCELLI_OK);
    assert_text(&t, "\xEF\xBB\xBF[tag a]\r\n; end\r\n\r\n[tag c]\r\n");
    assert_int_equal(heard.lines, 0);
    assert_int_equal(tags_edit_remove(&t, "b [2]"), OCELLI_ERR_USAGE);
    assert_string_equal(heard.text, "tags.ini: there is no tag \"b [2]\"");
    free(t.bytes);
    t = text_of("[tag a]\n; keep\n[tag a b]\nprompt = x"); /* not the tag whose name begins the same; no line end */
    assert_int_equal(set(&t, "a b", "prompt", 2, (const char *[]){"x", "y"}), OCELLI_OK);
    assert_text(&t, "[tag a]\n; keep\n[tag a b]\nprompt = x\nprompt = y\n");
    assert_int_equal(tags_edit_remove(&t, "a"), OCELLI_OK);
    assert_text(&t, "; keep\n[tag a b]\nprompt = x\nprompt = y\n");
    free(t.bytes);
}

/* Keys that only together are good. */
static void several_keys(void **state) {
    (void)state;
    static const char *const on = "0.2", *const off = "0.1", *const one = "1", *const prompt = "x";
    struct tags_text t = text_of("[tag a]\non = 0.4\noff = 0.3\n");
    assert_int_equal(tags_edit_set(&t, "a", (const struct ini_lines[]){{"on", &on, 1}, {"off", &off, 1}}, 2),
                     OCELLI_OK);
    assert_text(&t, "[tag a]\non = 0.2\noff = 0.1\n");
    assert_int_equal(tags_edit_set(&t, "a", (const struct ini_lines[]){{"on", &off, 1}, {"off", &on, 1}}, 2),
                     OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    assert_int_equal(
        tags_edit_set(&t, "a", (const struct ini_lines[]){{"on", &on, 1}, {"off", &(const char *){""}, 1}}, 2),
        OCELLI_ERR_USAGE);
    assert_text(&t, "[tag a]\non = 0.2\noff = 0.1\n");
    assert_int_equal(
        tags_edit_set(&t, "a", (const struct ini_lines[]){{"on", NULL, 0}, {"off", NULL, 0}, {"false_alarms", &one, 1}},
                      3),
        OCELLI_OK);
    assert_text(&t, "[tag a]\nfalse_alarms = 1\n");
    assert_int_equal(tags_edit_set(&t, "b", (const struct ini_lines[]){{"prompt", &prompt, 1}, {"on", &on, 1}}, 2),
                     OCELLI_OK);
    assert_text(&t, "[tag a]\nfalse_alarms = 1\n\n[tag b]\nprompt = x\non = 0.2\n");
    assert_int_equal(tags_edit_set(&t, "c", NULL, 0), OCELLI_OK);
    assert_text(&t, "[tag a]\nfalse_alarms = 1\n\n[tag b]\nprompt = x\non = 0.2\n");
    free(t.bytes);
}

/* A section that comes and goes leaves nothing; comments and blank lines of people's stay. */
static void leaves_no_trace(void **state) {
    (void)state;
    static const char *const before[] = {whole, "[tag a]\n\n\n", "[tag a]\n; end\n", "[tag a]\r\n", "\n[tag a]\n \n"};
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"[tag a]\n\n[tag x]\non = 1\n\n[tag b]\n", "[tag a]\n\n[tag b]\n"},
        {"[tag a]\n\n[tag x]\n[tag b]\n", "[tag a]\n\n[tag b]\n"},
        {"[tag a]\n[tag x]\n\n[tag b]\n", "[tag a]\n\n[tag b]\n"},
        {"[tag a]\n\n[tag x]\n; of b\n[tag b]\n", "[tag a]\n\n; of b\n[tag b]\n"},
        {"[tag a]\n\n[tag x]\n\n; of b\n[tag b]\n", "[tag a]\n\n; of b\n[tag b]\n"},
        {"[tag a]\n\n; of x\n[tag x]\n\n[tag b]\n", "[tag a]\n\n; of x\n\n[tag b]\n"},
        {"[tag a]\n\n\n[tag x]\n; end", "[tag a]\n\n\n; end"},
        {"[tag a]\n\n[tag x]", "[tag a]\n"},
        {"[tag x]\n\n[tag a]\n", "\n[tag a]\n"},
    };
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        struct tags_text t = text_of(before[i]);
        for (int round = 0; round < 3; round++) {
            assert_int_equal(set(&t, "x", "prompt", 2, (const char *[]){"y", "z"}), OCELLI_OK);
            assert_int_equal(set(&t, "z", "prompt", 1, (const char *[]){"z"}), OCELLI_OK);
            assert_int_equal(tags_edit_remove(&t, round ? "x" : "z"), OCELLI_OK);
            assert_int_equal(tags_edit_remove(&t, round ? "z" : "x"), OCELLI_OK);
            assert_text(&t, before[i]);
        }
        free(t.bytes);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tags_text t = text_of(rows[i].text);
        assert_int_equal(tags_edit_remove(&t, "x"), OCELLI_OK);
        assert_text(&t, rows[i].want);
        free(t.bytes);
    }
}

/* What would not read back as it was said is refused, and the text stays. */
static void refuses(void **state) {
    (void)state;
    static const struct {
        const char *tag, *key, *value;
    } rows[] = {
        {"open", "prompt", ""},
        {"open", "prompt", " x"},
        {"open", "prompt", "x\t"},
        {"open", "prompt", "x\n[tag y]"},
        {"open", "prompt", "x ; y"},
        {"open", "prompt", "# x"},
        {"open", "colour", "red"},
        {"open", "on", "high"},
        {"open", "false_alarms", "1"},
        {"open", "off", "0.2"},
        {"x\n[tag y", "prompt", "x"},
        {"", "prompt", "x"},
        {"open", "prompt = a\nprompt", "x"},
        {"open", "template", "no slot"},
    };
    struct tags_text t = text_of(whole);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        setup(NULL);
        int status = set(&t, rows[i].tag, rows[i].key, 1, &rows[i].value);
        if (status >= 0 || heard.lines != 1) print_error("%s %s %s\n", rows[i].tag, rows[i].key, rows[i].value);
        assert_true(status < 0);
        assert_int_equal(heard.lines, 1);
        assert_text(&t, whole);
    }
    free(t.bytes);
    t = text_of("[tag a]\n");
    assert_int_equal(tags_edit_remove(&t, "a"), OCELLI_ERR_FILE); /* no tags */
    assert_text(&t, "[tag a]\n");
    free(t.bytes);
}

/* ---- what is written is what is read ---- */

static const char *const words[] = {
    "a cat", "ratio 3:4 = \"half\"#1;2", "[x]", "\xc3\xa9t\xc3\xa9", "=", "a photo of {}", "7"};

static size_t draw(const char *out[3]) {
    size_t count = (size_t)(noise_uniform() * 4);
    for (size_t i = 0; i < count; i++) out[i] = words[(size_t)(noise_uniform() * 7)];
    return count;
}

static void assert_list(const struct prompts_list *list, size_t count, const char *const *want) {
    assert_int_equal(list->count, count);
    for (size_t i = 0; i < count; i++) assert_string_equal(list->texts[i], want[i]);
}

static void reads_back(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b]", "tag", "c d"};
    const char *prompts[4][3], *against[4][3];
    size_t prompt_count[4] = {0}, against_count[4] = {0};
    struct tags_text t = text_of("# start\n[tag a]\n\n[tag b]]\n[defaults]\nmin_on = 1\n[tag tag]\n[tag c d]\n");
    noise_state = 5;
    for (int round = 0; round < 500; round++) {
        size_t n = (size_t)(noise_uniform() * 4);
        struct tags_file file;
        prompt_count[n] = draw(prompts[n]);
        against_count[n] = draw(against[n]);
        if (noise_uniform() < 0.1) assert_int_equal(tags_edit_remove(&t, names[n]), OCELLI_OK);
        assert_int_equal(set(&t, names[n], "prompt", prompt_count[n], prompts[n]), OCELLI_OK);
        assert_int_equal(set(&t, names[n], "against", against_count[n], against[n]), OCELLI_OK);
        assert_int_equal(tags_file_parse(&file, t.bytes, t.size, "tags.ini", NULL), OCELLI_OK);
        assert_int_equal(file.count, 4);
        for (size_t i = 0; i < 4; i++) {
            size_t at = 0;
            while (strcmp(names[at], file.tags[i].name)) at++;
            if (file.tags[i].named_only) assert_int_equal(prompt_count[at], 0);
            if (!file.tags[i].named_only) assert_list(&file.tags[i].prompts, prompt_count[at], prompts[at]);
            assert_list(&file.tags[i].against, against_count[at], against[at]);
        }
        tags_file_finish(&file);
    }
    free(t.bytes);
}

static void writes(void **state) {
    (void)state;
    char path[] = "/tmp/ocelli-edit-XXXXXX";
    close(mkstemp(path));
    struct tags_text t = text_of(whole);
    struct tags_file file;
    assert_int_equal(tags_edit_write(&t, path), OCELLI_OK);
    assert_int_equal(tags_file_read(&file, path, NULL), OCELLI_OK);
    assert_int_equal(file.count, 2);
    tags_file_finish(&file);
    unlink(path);
    assert_int_equal(tags_edit_write(&t, "/nowhere/tags.ini"), OCELLI_ERR_FILE);
    free(t.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(changes_one_line, setup), cmocka_unit_test_setup(same_is_the_same_bytes, setup),
        cmocka_unit_test_setup(several_keys, setup),     cmocka_unit_test_setup(leaves_no_trace, setup),
        cmocka_unit_test_setup(composed_or_not, setup),  cmocka_unit_test_setup(adds_and_removes, setup),
        cmocka_unit_test_setup(refuses, setup),          cmocka_unit_test_setup(reads_back, setup),
        cmocka_unit_test_setup(writes, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
