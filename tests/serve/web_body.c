/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/web_body.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

static char message[SERVE_MESSAGE];
static struct web_words words;

static enum serve_code values(const char *body) {
    words = (struct web_words){.count = 0};
    return web_body_values(&words, body, strlen(body), message);
}

static void good(void **state) {
    (void)state;
    assert_int_equal(values("{\"values\":[]}"), SERVE_OK);
    assert_int_equal(words.count, 0);
    assert_int_equal(values(" {\"values\": [\"a cat\", \"on=0.2\", \"\\u00e9\"]}\n"), SERVE_OK);
    assert_int_equal(words.count, 3);
    assert_string_equal(words.argument[0], "a cat");
    assert_string_equal(words.argument[2], "\xc3\xa9");
}

static void bad(void **state) {
    (void)state;
    static const char *const bodies[] = {"",
                                         "[]",
                                         "{}",
                                         "null",
                                         "{\"values\":{}}",
                                         "{\"values\":[1]}",
                                         "{\"values\":[null]}",
                                         "{\"values\":[\"a\"]",
                                         "{\"values\":[\"a\"]} x",
                                         "{\"values\":[\"a\"],\"more\":1}",
                                         "{\"values\":[\"a\\u0000b\"]}",
                                         "{\"Values\":[\"a\"]}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) assert_int_equal(values(bodies[i]), SERVE_USAGE);
    assert_int_equal(values("{\"values\":[\"a\\nb\"]}"), SERVE_UTF8);
    assert_int_equal(values("{\"values\":[\"\xff\"]}"), SERVE_UTF8);
}

static void limits(void **state) {
    (void)state;
    char body[32768];
    int used = snprintf(body, sizeof body, "{\"values\":[\"a\"");
    for (int i = 0; i < SERVE_ARGUMENTS; i++) used += snprintf(body + used, sizeof body - (size_t)used, ",\"a\"");
    snprintf(body + used, sizeof body - (size_t)used, "]}");
    assert_int_equal(values(body), SERVE_LONG);
    memset(body, '[', 20000); /* deep */
    body[20000] = 0;
    assert_int_equal(values(body), SERVE_USAGE);
    snprintf(body, sizeof body, "{\"values\":[\"%020000d\"]}", 0);
    assert_int_equal(values(body), SERVE_LONG);
}

static void password(void **state) {
    (void)state;
    char text[8];
    static const char *const bodies[] = {"", "{}", "{\"password\":1}", "{\"password\":\"12345678\"}", "\"password\""};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_int_equal(web_body_password(text, sizeof text, bodies[i], strlen(bodies[i]), message), SERVE_USAGE);
    static const char body[] = "{\"password\":\"1234567\"}";
    assert_int_equal(web_body_password(text, sizeof text, body, sizeof body - 1, message), SERVE_OK);
    assert_string_equal(text, "1234567");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad), cmocka_unit_test(limits),
                                       cmocka_unit_test(password)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
