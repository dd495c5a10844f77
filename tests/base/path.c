/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"
#include "support/test.h"

#include <string.h>

static void test_beside(void **state) {
    (void)state;
    struct arena arena = {0};
    assert_string_equal(path_beside(&arena, "/etc/ocelli.ini", "a.png"), "/etc/a.png");
    assert_string_equal(path_beside(&arena, "folder/ocelli.ini", "in/a.png"), "folder/in/a.png");
    assert_string_equal(path_beside(&arena, "ocelli.ini", "a.png"), "a.png");
    assert_string_equal(path_beside(&arena, "/ocelli.ini", "a.png"), "/a.png");
    assert_string_equal(path_beside(&arena, "folder/ocelli.ini", "/a.png"), "/a.png");
    assert_string_equal(path_beside(&arena, "folder/ocelli.ini", ""), "folder/");
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_beside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
