/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/web_head.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

static void hosts(void **state) {
    (void)state;
    const struct web_names names = {.own = "board", .given = "cam.example  www.cam.example"};
    static const char *const good[] = {"127.0.0.1",    "127.0.0.1:8080",  "192.168.1.20:1", "[::1]",
                                       "[fe80::1]:80", "localhost:8080",  "LOCALHOST",      "board",
                                       "board:8080",   "Board.local:443", "cam.example",    "www.CAM.example:8443"};
    static const char *const bad[] = {"",
                                      "evil.com",
                                      "127.0.0.1.evil.com",
                                      "localhost.evil.com",
                                      "board.evil.com",
                                      "board.local.evil.com",
                                      "xboard",
                                      "boar",
                                      "cam.example.evil.com",
                                      "example",
                                      "[::1",
                                      "[::1]x",
                                      "[board]",
                                      "[]",
                                      ":80",
                                      "127.0.0.1:",
                                      "127.0.0.1:x",
                                      "127.0.0.1:123456",
                                      "127.1",
                                      "a@localhost",
                                      "localhost/"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_true(web_host_known(&names, good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(web_host_known(&names, bad[i]));
    assert_true(web_host_given(&names, "Cam.example:443"));
    assert_false(web_host_given(&names, "board:443"));
    assert_false(web_host_given(&names, "127.0.0.1"));
    assert_false(web_host_given(&(struct web_names){.own = "board"}, "board"));
    assert_false(web_host_known(&(struct web_names){.own = ""}, ""));
    assert_false(web_host_known(&(struct web_names){.own = ""}, ".local"));
    char longest[1000];
    memset(longest, 'a', sizeof longest);
    longest[999] = 0;
    assert_false(web_host_known(&names, longest));
}

static void pages(void **state) {
    (void)state;
    const int both = WEB_HTTP | WEB_HTTPS;
    assert_true(web_may_write(NULL, NULL, "board:8080", WEB_HTTP)); /* a program */
    assert_true(web_may_write("http://board:8080", "same-origin", "board:8080", WEB_HTTP));
    assert_false(web_may_write("https://board:8080", NULL, "board:8080", WEB_HTTP));
    assert_true(web_may_write("https://board:8080", NULL, "board:8080", WEB_HTTPS));
    assert_false(web_may_write("http://board:8080", NULL, "board:8080", WEB_HTTPS));
    assert_true(web_may_write("http://board:8080", NULL, "board:8080", both));
    assert_true(web_may_write("https://board:8080", NULL, "board:8080", both));
    static const char *const foreign[] = {
        "http://evil.com",           "null", "", "http://board", "http://board:80801", "board:8080", "ftp://board:8080",
        "http://board:8080.evil.com"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        assert_false(web_may_write(foreign[i], NULL, "board:8080", both));
    assert_false(web_may_write(NULL, "cross-site", "board:8080", both));
    assert_false(web_may_write("http://board:8080", "same-site", "board:8080", both));
    assert_true(web_may_read(NULL, NULL, false));
    assert_true(web_may_read("same-origin", "cors", false));
    assert_true(web_may_read("none", "navigate", true));
    assert_true(web_may_read("cross-site", "navigate", true)); /* a link to the page */
    assert_false(web_may_read("cross-site", "navigate", false));
    assert_false(web_may_read("cross-site", "no-cors", true));
}

static void basic(void **state) {
    (void)state;
    char text[16];
    assert_true(web_basic("Basic YTpi", text, sizeof text)); /* a:b */
    assert_string_equal(text, "b");
    assert_true(web_basic("basic OmI6Yw==", text, sizeof text)); /* :b:c */
    assert_string_equal(text, "b:c");
    assert_true(web_basic("Basic YTo=", text, sizeof text));
    assert_string_equal(text, "");
    static const char *const bad[] = {"",
                                      "Basic",
                                      "Basic ",
                                      "Bearer YTpi",
                                      "Basic YTp",
                                      "Basic YWI=",
                                      "Basic ====",
                                      "Basic !!!!",
                                      "Basic YToA" /* a zero byte */,
                                      "Basic YToxMjM0NTY3ODkwMTIzNDU2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(web_basic(bad[i], text, sizeof text));
}

static void types(void **state) {
    (void)state;
    assert_true(web_is_json("application/json"));
    assert_true(web_is_json("Application/JSON; charset=utf-8"));
    assert_false(web_is_json("text/plain"));
    assert_false(web_is_json("application/jsonx"));
    assert_false(web_is_json("application/x-www-form-urlencoded"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(hosts), cmocka_unit_test(pages), cmocka_unit_test(basic),
                                       cmocka_unit_test(types)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
