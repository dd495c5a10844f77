/* SPDX-License-Identifier: Apache-2.0
 * Real sockets: what comes through is what the networks say, of any prefix. tests/protocol/reach.sh has hosts. */
#include "support/test.h"
#include "serve/filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int board, port;

static int setup(void **state) {
    (void)state;
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    socklen_t size = sizeof any;
    int off = 0;
    board = socket(AF_INET6, SOCK_DGRAM, 0);
    if (board < 0) return 0; /* no IPv6 here */
    setsockopt(board, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(board, (struct sockaddr *)&any, size) || getsockname(board, (struct sockaddr *)&any, &size)) return 1;
    port = ntohs(any.sin6_port);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    if (board >= 0) close(board);
    return 0;
}

/* Does a datagram of 127.a.b.c get through? */
static bool heard_v4(uint32_t address) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    char byte;
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to), 1);
    close(fd);
    return recv(board, &byte, 1, MSG_DONTWAIT) == 1;
}

static bool heard_v6(void) {
    struct sockaddr_in6 to = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    char byte;
    ssize_t sent = sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to);
    close(fd);
    if (sent != 1) skip(); /* IPv6 without ::1 */
    return recv(board, &byte, 1, MSG_DONTWAIT) == 1;
}

static void set_bits(uint8_t *mask, int bits) {
    memset(mask, 0, 16);
    for (int i = 0; i < bits; i++) mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static struct serve_network v4(uint32_t address, int bits) {
    struct serve_network n = {.ip = {[10] = 0xff, [11] = 0xff}};
    for (int i = 0; i < 4; i++) n.ip[12 + i] = (uint8_t)(address >> (24 - 8 * i));
    set_bits(n.mask, 96 + bits);
    return n;
}

static void all_prefixes(void **state) {
    (void)state;
    unsigned seed = 1;
    if (board < 0) skip();
    for (int bits = 0; bits <= 32; bits++)
        for (int i = 0; i < 20; i++) {
            uint32_t network = 0x7f000000 | (uint32_t)rand_r(&seed) % 0xffffff,
                     address = network ^ 1u << rand_r(&seed) % 24;
            uint32_t mask = bits ? ~0u << (32 - bits) : 0;
            struct serve_network n = v4(network, bits);
            assert_true(serve_filter_set(board, &n, 1, false));
            assert_true(heard_v4(network ? network : 0x7f000001));
            assert_int_equal(heard_v4(address), !((network ^ address) & mask));
            assert_false(heard_v6());
        }
}

static void version_6(void **state) {
    (void)state;
    if (board < 0) skip();
    for (int bits = 0; bits <= 128; bits++) {
        struct serve_network n = {.ip = {[15] = 1}}, other = n;
        set_bits(n.mask, bits), set_bits(other.mask, bits);
        assert_true(serve_filter_set(board, &n, 1, false));
        assert_true(heard_v6());
        assert_false(heard_v4(0x7f000001));
        if (bits == 0) continue;
        other.ip[(bits - 1) / 8] ^= (uint8_t)(0x80 >> (bits - 1) % 8); /* the last bit that counts */
        assert_true(serve_filter_set(board, &other, 1, false));
        assert_false(heard_v6());
    }
}

/* As many as there can be, the one that counts last; none; and what waited unread. */
static void many(void **state) {
    (void)state;
    struct serve_network networks[SERVE_NETWORKS + SERVE_NETWORKS_ALWAYS];
    enum { COUNT = sizeof networks / sizeof networks[0] };
    if (board < 0) skip();
    for (int i = 0; i < COUNT; i++) {
        networks[i] = (struct serve_network){.ip = {0x20, 1, [14] = (uint8_t)i}};
        set_bits(networks[i].mask, 128);
    }
    networks[COUNT - 2] = v4(0x7f000007, 32), networks[COUNT - 1] = (struct serve_network){.ip = {[15] = 1}};
    set_bits(networks[COUNT - 1].mask, 128);
    assert_true(serve_filter_set(board, networks, COUNT, false));
    assert_true(heard_v4(0x7f000007) && heard_v6());
    assert_false(heard_v4(0x7f000001));
    struct sockaddr_in6 to = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    char byte;
    assert_int_equal(sendto(board, "x", 1, 0, (struct sockaddr *)&to, sizeof to), 1);
    assert_int_equal(sendto(board, "x", 1, 0, (struct sockaddr *)&to, sizeof to), 1);
    assert_true(serve_filter_set(board, networks, 0, false));
    assert_int_equal(recv(board, &byte, 1, MSG_DONTWAIT), 1); /* what waited stays, until */
    serve_filter_drain(board);
    assert_int_equal(recv(board, &byte, 1, MSG_DONTWAIT), -1);
    assert_false(heard_v4(0x7f000007) || heard_v6());
}

static bool heard_message(const void *message, size_t size) {
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    char byte;
    assert_int_equal(sendto(fd, message, size, 0, (struct sockaddr *)&to, sizeof to), size);
    close(fd);
    return recv(board, &byte, 1, MSG_DONTWAIT) == 1;
}

/* By the code, for all and for some. */
static void signals(void **state) {
    (void)state;
    struct serve_network n = v4(0x7f000001, 32);
    if (board < 0) skip();
    for (int some = 0; some < 2; some++) {
        assert_true(serve_filter_set(board, some ? &n : NULL, (size_t)some, true));
        for (int code = 0; code < 256; code++) {
            const uint8_t message[] = {0x40, (uint8_t)code, 0, 0};
            assert_int_equal(heard_message(message, sizeof message), code >> 5 != 7);
        }
        assert_false(heard_message("@", 1));
        assert_int_equal(heard_v4(0x7f000002), 0); /* too short for a code */
    }
    const uint8_t signal[] = {0x40, 0xe2, 0, 0};
    assert_true(serve_filter_set(board, &n, 1, false));
    assert_true(heard_message(signal, sizeof signal));
}

static void finds(void **state) {
    (void)state;
    if (board < 0) skip();
    assert_int_equal(serve_filter_find((uint16_t)port, -1), board);
    assert_int_equal(serve_filter_find((uint16_t)port, board), -1);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof any;
    assert_int_equal(bind(fd, (struct sockaddr *)&any, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &size), 0);
    if (ntohs(any.sin_port) != port) assert_int_equal(serve_filter_find(ntohs(any.sin_port), -1), -1); /* TCP */
    close(fd);
    assert_false(serve_filter_set(-1, NULL, 0, false));
    assert_int_equal(errno, EBADF);
}

int main(void) {
    static const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(all_prefixes, setup, teardown),
        cmocka_unit_test_setup_teardown(version_6, setup, teardown),
        cmocka_unit_test_setup_teardown(many, setup, teardown),
        cmocka_unit_test_setup_teardown(signals, setup, teardown),
        cmocka_unit_test_setup_teardown(finds, setup, teardown),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
