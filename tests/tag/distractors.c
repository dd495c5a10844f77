/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "tag/distractors.h"
#include "tag/starter.h"

#include <string.h>

static size_t place_of(const char *text) {
    size_t count;
    const char *const *texts = distractors_texts(&count);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(texts[i], text)) return i;
    fail_msg("no \"%s\"", text);
    return 0;
}

static void each_once(void **state) {
    (void)state;
    size_t count;
    const char *const *texts = distractors_texts(&count);
    assert_in_range(count, 32, STARTER_MOST);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(texts[i]);
        assert_int_equal(place_of(texts[i]), i);
    }
}

static void expand(const char *const *templates, size_t template_count, const char *text, const char *const *wanted,
                   size_t wanted_each) {
    struct arena arena = {NULL};
    struct prompts_list out = {0}, given = {0};
    size_t each, count;
    distractors_texts(&count);
    for (size_t i = 0; i < template_count; i++) assert_int_equal(prompts_add(&given, &arena, templates[i]), 0);
    assert_int_equal(distractors_expand(&out, &arena, &given, &each), 0);
    assert_int_equal(each, wanted_each);
    assert_int_equal(out.count, each * count);
    for (size_t i = 0; i < each; i++) assert_string_equal(out.texts[place_of(text) * each + i], wanted[i]);
    arena_finish(&arena);
}

static void through_templates(void **state) {
    (void)state;
    expand(NULL, 0, "an animal", (const char *[]){"an animal"}, 1);
    const char *const templates[] = {"a photo of a {}.", "{}", "The {} here", "banana {}", "a {}"};
    expand(templates, 5, "an animal", (const char *[]){"a photo of a animal.", "an animal"}, DISTRACTORS_TEMPLATES);
    expand(templates, 5, "water", (const char *[]){"a photo of a water.", "water"}, DISTRACTORS_TEMPLATES);
    expand(templates + 2, 2, "an animal", (const char *[]){"The animal here", "banana an animal"}, 2);
    expand(templates + 4, 1, "an animal", (const char *[]){"a animal"}, 1);
    expand((const char *[]){"An {}"}, 1, "a dog", (const char *[]){"An dog"}, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_once), cmocka_unit_test(through_templates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
