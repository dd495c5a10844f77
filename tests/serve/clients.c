/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#define listen heard_listen /* sys/socket.h has another */
#include "support/heard.h"
#undef listen
#include "serve/clients.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static struct serve_access access_;
static struct serve_clients *clients;

static struct serve_address address(const char *text) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(1234)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(1234)};
    struct serve_address a;
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        serve_address_of(&a, (const struct sockaddr *)&v4);
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        serve_address_of(&a, (const struct sockaddr *)&v6);
    return a;
}

static int setup(void **state) {
    (void)state;
    heard_listen();
    memset(&access_, 0, sizeof access_);
    access_.rate = 10, access_.burst = 5;
    clients = malloc(sizeof *clients);
    return serve_clients_init(clients);
}

static int teardown(void **state) {
    (void)state;
    free(clients);
    return 0;
}

static bool reach(const char *text) {
    struct serve_address a = address(text);
    return serve_access_reach(&access_, &a, 1);
}

static void who_may_ask(void **state) {
    (void)state;
    assert_true(reach("127.0.0.1") && reach("127.9.9.9") && reach("::1") && reach("fe80::1") &&
                reach("::ffff:127.0.0.1"));
    access_.read_ms = 1, access_.network_count = 2; /* 10.1.0.0/16, fd00:1::/32 */
    struct serve_address net = address("10.1.2.3"), six = address("fd00:1::5");
    memcpy(access_.networks[0].ip, net.ip, 16), memset(access_.networks[0].mask, 0xff, 14);
    memcpy(access_.networks[1].ip, six.ip, 16), memset(access_.networks[1].mask, 0xff, 4);
    assert_true(reach("10.1.255.1") && reach("fd00:1:ffff::1"));
    assert_false(reach("10.2.0.1") || reach("8.8.8.8") || reach("fd00:2::1") || reach("2001:db8::1") ||
                 reach("0.0.0.0"));
    access_.reach = SERVE_LOOPBACK;
    assert_false(reach("10.1.255.1") || reach("fe80::1"));
    assert_true(reach("127.0.0.1"));
    access_.reach = SERVE_ALL;
    assert_true(reach("8.8.8.8"));
}

static void rate(void **state) {
    (void)state;
    struct serve_address a = address("8.8.8.8"), other = address("8.8.8.9"), local = address("127.0.0.1");
    struct serve_address host = address("2001:db8::1"), same_host = address("2001:db8::ffff:2");
    access_.reach = SERVE_ALL;
    for (int i = 0; i < 5; i++) assert_int_equal(serve_access_judge(&access_, &a, 1000), SERVE_MAY);
    assert_int_equal(serve_access_judge(&access_, &a, 1000), SERVE_TELL_BUSY);
    assert_int_equal(serve_access_judge(&access_, &a, 1001), SERVE_TOLD_BUSY);
    assert_int_equal(serve_access_judge(&access_, &other, 1001), SERVE_MAY);
    assert_int_equal(serve_access_judge(&access_, &a, 1101), SERVE_MAY);
    assert_int_equal(serve_access_judge(&access_, &a, 1101), SERVE_TOLD_BUSY);
    for (int i = 0; i < 100; i++) assert_int_equal(serve_access_judge(&access_, &local, 1101), SERVE_MAY);
    for (int i = 0; i < 5; i++)
        assert_int_equal(serve_access_judge(&access_, i % 2 ? &host : &same_host, 1101), SERVE_MAY);
    assert_int_equal(serve_access_judge(&access_, &host, 1101), SERVE_TELL_BUSY);
    struct serve_address near = address("fe80::1"), neighbour = address("fe80::2");
    for (int i = 0; i < 5; i++) assert_int_equal(serve_access_judge(&access_, &near, 1101), SERVE_MAY);
    assert_int_equal(serve_access_judge(&access_, &near, 1101), SERVE_TELL_BUSY);
    assert_int_equal(serve_access_judge(&access_, &neighbour, 1101), SERVE_MAY); /* a host of its own */
    for (uint32_t i = 0; i < 100000; i++) {                                      /* a flood of forged addresses */
        memcpy(other.ip + 12, &i, 4);
        serve_access_judge(&access_, &other, 1200 + i);
    }
}

static void proofs(void **state) {
    (void)state;
    struct serve_address a = address("10.1.2.3"), b = a;
    char one[9], two[9];
    serve_clients_proof(clients, &a, 1, one);
    serve_clients_proof(clients, &a, 3599999, two);
    assert_string_equal(one, two);
    b.port++;
    serve_clients_proof(clients, &b, 1, two);
    assert_string_not_equal(one, two);
    struct serve_known *k = serve_clients_find(clients, &a, 1);
    assert_false(k->client.proved || k->client.may_change);
    assert_string_equal(k->client.proof, one);
    k->client.proved = true;
    assert_true(serve_clients_find(clients, &a, 600000)->client.proved);
    assert_false(serve_clients_find(clients, &b, 600000)->client.proved);
    assert_false(serve_clients_find(clients, &a, 1200001)->client.proved);
    a = address("127.0.0.1");
    assert_true(serve_clients_find(clients, &a, 1)->client.proved &&
                serve_clients_find(clients, &a, 1)->client.may_change);
}

/* Who watches is not forgotten for who does not. */
static void many(void **state) {
    (void)state;
    struct serve_address a = address("10.0.0.0");
    int watching = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        memcpy(a.ip + 12, &i, 4);
        struct serve_known *k = serve_clients_find(clients, &a, 1 + i);
        if (k->client.may_watch) k->client.watch.on = true, watching++;
    }
    assert_int_equal(watching, SERVE_WATCHERS);
    int still = 0;
    for (int i = 0; i < SERVE_CLIENT_SETS; i++)
        for (int n = 0; n < SERVE_CLIENT_WAYS; n++) still += clients->known[i][n].client.watch.on;
    assert_int_equal(still, watching);
}

/* A host has some places, and leaves the others. */
static void one_host(void **state) {
    (void)state;
    struct serve_address a = address("10.0.0.1"), other = address("10.0.0.2"), local = address("127.0.0.1");
    for (int i = 0; i < 1000; i++) {
        a.port = (uint16_t)(i + 1);
        struct serve_known *k = serve_clients_find(clients, &a, 1 + i);
        assert_true(k->client.may_watch == (i < SERVE_WATCHERS_EACH));
        k->client.watch.on = k->client.may_watch;
    }
    assert_true(serve_clients_find(clients, &other, 1001)->client.may_watch);
    for (int i = 0; i < 2 * SERVE_WATCHERS_EACH; i++) {
        local.port = (uint16_t)(i + 1);
        struct serve_known *k = serve_clients_find(clients, &local, 1002 + i);
        assert_true(k->client.may_watch);
        k->client.watch.on = true;
    }
}

int main(void) {
    static const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(who_may_ask, setup, teardown),
        cmocka_unit_test_setup_teardown(rate, setup, teardown),
        cmocka_unit_test_setup_teardown(proofs, setup, teardown),
        cmocka_unit_test_setup_teardown(many, setup, teardown),
        cmocka_unit_test_setup_teardown(one_host, setup, teardown),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
