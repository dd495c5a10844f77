/* SPDX-License-Identifier: Apache-2.0
 * What tags_edit.c does not reach: other kinds of sections, and those without a name. */
#include "support/test.h"
#include "support/heard.h"
#include "base/ini_edit.h"

#include <string.h>

static char *set(const char *text, const char *kind, const char *name, const char *key, const char *value) {
    struct ini_text old = {(char *)text, strlen(text), "x.ini"}, edited;
    const struct ini_lines line = {key, &value, 1};
    listen();
    assert_int_equal(ini_edit_set(&old, (struct ini_name){kind, name}, &line, 1, &edited), OCELLI_OK);
    char *copy = calloc(edited.size + 1, 1);
    assert_non_null(copy);
    memcpy(copy, edited.bytes, edited.size);
    free(edited.bytes);
    return copy;
}

static void sets(void **state) {
    static const struct {
        const char *text, *kind, *name, *then;
    } rows[] = {
        {"[a]\nk = 1\n", "a", NULL, "[a]\nk = 2\n"},
        {"[a b]\nk = 1\n", "a", NULL, "[a b]\nk = 1\n\n[a]\nk = 2\n"},
        {"[a]\nk = 1\n[a b]\n", "a", "b", "[a]\nk = 1\n[a b]\nk = 2\n"},
        {"# x\r\n[ab]\r\n[ a  b ]\r\n# y\r\n", "a", "b", "# x\r\n[ab]\r\n[ a  b ]\r\nk = 2\r\n# y\r\n"},
        {"\xEF\xBB\xBF[a]\nk=2", "a", NULL, "\xEF\xBB\xBF[a]\nk=2"},
        {"", "a", "b", "[a b]\nk = 2\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = set(rows[i].text, rows[i].kind, rows[i].name, "k", "2");
        assert_string_equal(text, rows[i].then);
        free(text);
    }
}

static void removes(void **state) {
    struct ini_text old = {"[a]\nk = 1\n\n[a b]\nk = 2\n", 22, "x.ini"}, edited;
    (void)state;
    listen();
    assert_int_equal(ini_edit_remove(&old, (struct ini_name){"a", "b"}, &edited), OCELLI_OK);
    assert_true(edited.size == 10 && !memcmp(edited.bytes, "[a]\nk = 1\n", 10));
    free(edited.bytes);
    assert_int_equal(ini_edit_remove(&old, (struct ini_name){"a", "c"}, &edited), OCELLI_ERR_USAGE);
    assert_string_equal(heard.text, "x.ini: there is no a \"c\"");
}

static void refuses(void **state) {
    struct ini_text old = {"", 0, "x.ini"}, edited;
    const char *const bad[] = {"", " x", "x ", "x\ny"};
    (void)state;
    listen();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(
            ini_edit_set(&old, (struct ini_name){"a", NULL}, &(struct ini_lines){"k", &bad[i], 1}, 1, &edited),
            OCELLI_ERR_USAGE);
        assert_null(edited.bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sets), cmocka_unit_test(removes), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
