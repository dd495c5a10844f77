/* SPDX-License-Identifier: Apache-2.0
 * The service fixture behind serve_open(). Tests send requests over loopback, and over a pty in place of a UART. */
#ifndef SERVE_SERVE_FIXTURE_H
#define SERVE_SERVE_FIXTURE_H

#include "support/test.h"
#define listen heard_listen /* sys/socket.h has another */
#include "support/heard.h"
#undef listen
#include "serve/serve.h"
#include "service_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

static const char ini[] =
    "[defaults]\non = 0.3\noff = 0.2\nsmooth = 0\nmin_on = 0\nmin_off = 0\n[tag cat]\n[tag dog]\n";
static struct service_fixture b;
static struct serve_callbacks table;
static struct serve *s;
static struct serve_params params;
static char got[8192];

static inline int setup(void **state) {
    (void)state;
    heard_listen();
    if (fixture_open(&b, ini, NULL)) return 1;
    table = fixture_table(&b);
    params = (struct serve_params){
        .callbacks = &table, .udp_port = SERVE_ANY_PORT, .coap_port = SERVE_NO_PORT, .coaps_port = SERVE_NO_PORT};
    return 0;
}

static inline int teardown(void **state) {
    (void)state;
    serve_close(&s);
    serve_close(&s);
    serve_close(NULL);
    fixture_close(&b);
    return 0;
}

static inline void open_serve(void) {
    assert_int_equal(serve_open(&s, &params), OCELLI_OK);
}

static inline int udp(const char *address) {
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(serve_udp_port(s)), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(serve_udp_port(s))};
    bool four = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
    int fd = socket(four ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (four ? connect(fd, (struct sockaddr *)&v4, sizeof v4) : connect(fd, (struct sockaddr *)&v6, sizeof v6)) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline int coap(void) {
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(serve_coap_port(s)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

enum { RECEIVE_MS = 30000 }; /* what comes comes long before, however busy the machine is */

/* Serves until something comes; of a wire, a whole line. */
static inline const char *receive(int fd) {
    double until = clock_ms() + RECEIVE_MS;
    size_t used = 0;
    while (clock_ms() < until && used + 1 < sizeof got) {
        serve_poll(s, 5);
        ssize_t size = read(fd, got + used, sizeof got - 1 - used);
        if (size <= 0) continue;
        used += (size_t)size;
        if (!isatty(fd) || got[used - 1] == '\n') break;
    }
    got[used] = 0;
    return got;
}

static inline const char *ask(int fd, const char *line) {
    assert_int_equal(write(fd, line, strlen(line)), strlen(line));
    return receive(fd);
}

/* Nothing came. A datagram over loopback is there as soon as it is sent: one turn would do. */
static inline void assert_silent(int fd) {
    for (int turn = 0; turn < 6; turn++) serve_poll(s, 5);
    assert_int_equal(read(fd, got, sizeof got), -1);
}

/* The same of a wire, whose bytes come later: nothing came until the answer to a request behind all the others. */
static inline void assert_silent_wire(int master) {
    static const char silent[] = "{\"id\":\"silent\",\"ok\":true";
    ask(master, "#silent ping\n");
    if (strncmp(got, silent, sizeof silent - 1) != 0) fail_msg("not silent: %s", got);
}

static inline void assert_has(const char *text, const char *part) {
    if (!strstr(text, part)) print_error("%s\n has no %s\n", text, part);
    assert_non_null(strstr(text, part));
}

static inline void pty_open(int *master, char name[64]) {
    int slave;
    struct termios raw;
    assert_int_equal(openpty(master, &slave, name, NULL, NULL), 0);
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    close(slave);
    fcntl(*master, F_SETFL, O_NONBLOCK);
}

#endif
