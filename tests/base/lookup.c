/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_empty(void **state) {
    (void)state;
    struct arena arena = {NULL};
    struct lookup n = {NULL};
    size_t number = 7;
    assert_false(lookup_find(&n, "a", &number));
    assert_true(lookup_init(&n, &arena, 0));
    assert_false(lookup_find(&n, "a", &number));
    assert_int_equal(number, 7);
    arena_finish(&arena);
}

/* Each count around the powers of two, where the table is fullest. */
static void test_all_are_found(void **state) {
    (void)state;
    static char texts[1026][16];
    for (size_t i = 0; i < 1026; i++) snprintf(texts[i], sizeof texts[i], "name %zu", i);
    for (size_t most = 1; most <= 1025; most = most < 9 ? most + 1 : most == 9 ? 1023 : most + 1) {
        struct arena arena = {NULL};
        struct lookup n;
        size_t number;
        assert_true(lookup_init(&n, &arena, most));
        for (size_t i = 0; i < most; i++) {
            assert_false(lookup_find(&n, texts[i], NULL));
            lookup_add(&n, texts[i], i);
        }
        for (size_t i = 0; i < most; i++) {
            assert_true(lookup_find(&n, texts[i], &number));
            assert_int_equal(number, i);
        }
        assert_false(lookup_find(&n, texts[most], NULL));
        assert_false(lookup_find(&n, "", NULL));
        arena_finish(&arena);
    }
}

static void test_no_memory(void **state) {
    (void)state;
    struct arena arena = {NULL};
    struct lookup n;
    assert_false(lookup_init(&n, &arena, SIZE_MAX / 8));
    assert_false(lookup_find(&n, "a", NULL));
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_empty), cmocka_unit_test(test_all_are_found),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
