/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "support/heard.h"
#include "tag/prompts.h"

#include <math.h>
#include <ocelli.h>
#include <string.h>

static int setup(void **state) {
    (void)state;
    listen();
    return 0;
}

static void slot(void **state) {
    (void)state;
    static const struct {
        const char *template;
        int at; /* -1: refused */
    } rows[] = {{"a photo of a {}.", 13},
                {"{}", 0},
                {"x{}", 1},
                {"{{}}", 1},
                {"{ }", -1},
                {"", -1},
                {"{", -1},
                {"}{", -1},
                {"a photo", -1},
                {"{}{}", -1},
                {"{} and {}", -1},
                {"{0}", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = prompts_slot(rows[i].template);
        assert_true(rows[i].at < 0 ? at == NULL : at == rows[i].template + rows[i].at);
    }
}

static void list_grows(void **state) {
    (void)state;
    struct arena arena = {0};
    struct prompts_list list = {0};
    char text[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_int_equal(prompts_add(&list, &arena, text), OCELLI_OK);
    }
    assert_int_equal(list.count, 1000);
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_string_equal(list.texts[i], text);
    }
    arena_finish(&arena);
}

static struct prompts_list list_of(const char **texts, size_t count) {
    return (struct prompts_list){.texts = texts, .count = count};
}

static void expand(void **state) {
    (void)state;
    struct arena arena = {0};
    struct prompts_list out = {0}, none = {0};
    struct prompts_list templates = list_of((const char *[]){"a photo of a {}.", "{} in the rain"}, 2);
    struct prompts_list prompts = list_of((const char *[]){"cat", "{}", ""}, 3); /* {} in a prompt is only text */
    static const char *const want[] = {"a photo of a cat.", "a photo of a {}.", "a photo of a .",
                                       "cat in the rain",   "{} in the rain",   " in the rain"};
    assert_int_equal(prompts_expand(&out, &arena, &templates, &prompts), OCELLI_OK);
    assert_int_equal(out.count, 6);
    for (int i = 0; i < 6; i++) assert_string_equal(out.texts[i], want[i]);
    out = none;
    assert_int_equal(prompts_expand(&out, &arena, &none, &prompts), OCELLI_OK);
    assert_int_equal(out.count, 3);
    assert_string_equal(out.texts[0], "cat");
    assert_string_equal(out.texts[1], "{}");
    out = none;
    assert_int_equal(prompts_expand(&out, &arena, &templates, &none), OCELLI_OK);
    assert_int_equal(out.count, 0);
    arena_finish(&arena);
}

static void expand_names_the_bad_template(void **state) {
    (void)state;
    struct arena arena = {0};
    struct prompts_list out = {0}, prompts = list_of((const char *[]){"cat"}, 1);
    struct prompts_list templates = list_of((const char *[]){"a {}", "a photo of \n nothing"}, 2);
    assert_int_equal(prompts_expand(&out, &arena, &templates, &prompts), OCELLI_ERR_USAGE);
    assert_int_equal(heard.lines, 1);
    assert_non_null(strstr(heard.text, "a photo of ? nothing"));
    arena_finish(&arena);
}

static void average(void **state) {
    (void)state;
    static const float vectors[] = {1, 0, 0, 0, 1, 0, 0, 1, 0};
    float mean[3];
    assert_int_equal(prompts_average(vectors, 3, 3, mean), OCELLI_OK);
    assert_true(fabs((double)mean[0] - 1 / sqrt(5)) < 1e-7);
    assert_true(fabs((double)mean[1] - 2 / sqrt(5)) < 1e-7);
    assert_true(mean[2] == 0);
    assert_int_equal(prompts_average(vectors, 1, 3, mean), OCELLI_OK); /* one is itself */
    assert_true(mean[0] == 1 && mean[1] == 0 && mean[2] == 0);
}

static void average_in_place(void **state) {
    (void)state;
    float vectors[] = {0.6f, 0.8f, 0.8f, 0.6f};
    assert_int_equal(prompts_average(vectors, 2, 2, vectors), OCELLI_OK);
    assert_true(fabs((double)vectors[0] - sqrt(0.5)) < 1e-7);
    assert_true(fabs((double)vectors[1] - sqrt(0.5)) < 1e-7);
}

static void average_of_no_direction(void **state) {
    (void)state;
    static const float opposite[] = {1, 0, -1, 0}, broken[] = {NAN, 0, 1, 0};
    float mean[2];
    assert_int_equal(prompts_average(opposite, 2, 2, mean), OCELLI_ERR_USAGE);
    assert_int_equal(prompts_average(broken, 2, 2, mean), OCELLI_ERR_USAGE);
    assert_int_equal(prompts_average(broken, 0, 2, mean), OCELLI_ERR_USAGE);
    assert_int_equal(heard.lines, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(slot, setup),
        cmocka_unit_test_setup(list_grows, setup),
        cmocka_unit_test_setup(expand, setup),
        cmocka_unit_test_setup(expand_names_the_bad_template, setup),
        cmocka_unit_test_setup(average, setup),
        cmocka_unit_test_setup(average_in_place, setup),
        cmocka_unit_test_setup(average_of_no_direction, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
