/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/web_guess.h"
#include "support/test.h"

#include <stdio.h>
#include <string.h>

static struct serve_address address(unsigned last) {
    struct serve_address a = {.ip = {[10] = 0xff, 0xff, 10, 0, (uint8_t)(last >> 8), (uint8_t)last}};
    return a;
}

/* Five are free, then each wrong one makes it wait twice as long; another address does not. */
static void one_address(void **state) {
    (void)state;
    static struct web_guess g;
    struct serve_address a = address(1), b = address(2);
    double now = 1e6;
    for (int i = 0; i < WEB_GUESS_FREE; i++) {
        assert_true(web_guess_wait(&g, &a, now) == 0);
        web_guess_wrong(&g, &a, now);
    }
    double last = 0;
    for (int i = 0; i < 12; i++) {
        double wait = web_guess_wait(&g, &a, now);
        assert_true(wait > last || wait == WEB_GUESS_MOST_S);
        last = wait;
        assert_true(web_guess_wait(&g, &b, now) == 0);
        now += wait * 1000;
        assert_true(web_guess_wait(&g, &a, now) == 0);
        web_guess_wrong(&g, &a, now);
    }
    assert_true(last == WEB_GUESS_MOST_S);
    web_guess_right(&g, &a);
    assert_true(web_guess_wait(&g, &a, now) == 0);
}

/* Many addresses have one limit together; it is over with time. */
static void many(void **state) {
    (void)state;
    static struct web_guess g;
    double now = 1e6;
    unsigned tried = 0;
    for (unsigned i = 0; i < 3000; i++, now += 10) {
        struct serve_address a = address(i);
        if (web_guess_wait(&g, &a, now) > 0) continue;
        web_guess_wrong(&g, &a, now);
        tried++;
    }
    assert_in_range(tried, WEB_GUESS_ALL, WEB_GUESS_ALL + 30 / WEB_GUESS_ALL_S + 1);
    struct serve_address a = address(5000);
    now += WEB_GUESS_ALL * WEB_GUESS_ALL_S * 1000.0;
    assert_true(web_guess_wait(&g, &a, now) == 0);
}

/* A host has a /64 of IPv6 at least. */
static void v6(void **state) {
    (void)state;
    static struct web_guess g;
    struct serve_address a = {.ip = {0x20, 1, [15] = 1}}, b = {.ip = {0x20, 1, [15] = 2}},
                         c = {.ip = {0x20, 2, [15] = 1}};
    for (int i = 0; i < WEB_GUESS_FREE; i++) web_guess_wrong(&g, &a, 1e6);
    assert_true(web_guess_wait(&g, &b, 1e6) > 0);
    assert_true(web_guess_wait(&g, &c, 1e6) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_address), cmocka_unit_test(many), cmocka_unit_test(v6)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
