/* SPDX-License-Identifier: Apache-2.0
 * Whole: sockets on loopback, a pty in place of a UART. */
#include "serve_fixture.h"
#include "serve/transport.h"
#include "serve/framing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>

static void see(const char *what) {
    const struct tagger_event *events;
    size_t count = fixture_see(&b, (const char *[]){what, NULL}, &events); /* before `events` is read, also on arm64 */
    serve_push(s, events, count);
}

static void datagrams(void **state) {
    (void)state;
    open_serve();
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "::1"};
    for (int i = 0; i < 3; i++) {
        int fd = udp(addresses[i]);
        if (fd < 0 && i == 2) continue; /* no IPv6 here */
        assert_has(ask(fd, "#1 ping\r\n"), "{\"id\":\"1\",\"ok\":true");
        assert_has(ask(fd, "\r\nping\n\n"), "\"pong\"");
        assert_has(ask(fd, "tags\ntags\n"), "\"error\":\"utf8\"");
        assert_has(ask(fd, "add bird"), "\"version\":");
        assert_silent(fd); /* one each */
        close(fd);
    }
}

/* An IPv4 address of this machine that is not loopback; "": none. */
static const char *own_address(void) {
    static char text[INET_ADDRSTRLEN];
    struct ifaddrs *all;
    text[0] = 0;
    if (getifaddrs(&all)) return text;
    for (const struct ifaddrs *i = all; i && !text[0]; i = i->ifa_next) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)i->ifa_addr;
        if (v4 && v4->sin_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 != 127)
            inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    }
    freeifaddrs(all);
    return text;
}

/* Nothing over 3 times what came, headers of 28 bytes counted, until the address has proved itself. */
static void strangers(void **state) {
    (void)state;
    if (!*own_address()) skip();
    open_serve();
    see("cat");
    int fd = udp(own_address());
    assert_has(ask(fd, "#1 tags\n"), "{\"id\":\"1\",\"ok\":false,\"error\":\"prove\",\"proof\":\"");
    assert_true(strlen(got) <= 3 * (28 + 8) - 28);
    char line[32], padded[400];
    snprintf(line, sizeof line, "ping %.8s", strstr(got, "proof") + 8);
    assert_has(ask(fd, "tags terse"), "TAGS 1 ");
    snprintf(padded, sizeof padded, "tags%300s", "");
    assert_has(ask(fd, padded), "\"count\":2");
    assert_has(ask(fd, line), "\"pong\"");
    assert_has(ask(fd, "#1 tags\n"), "\"count\":2");
    assert_has(ask(fd, "remove cat"), "\"error\":\"denied\"");
    int asked = 0;
    while (asked < 1000 && !strstr(ask(fd, "ping"), "busy")) asked++;
    assert_true(asked > 90 && asked < 1000);
    close(fd);
    params.reach = SERVE_LOOPBACK;
    serve_close(&s);
    open_serve();
    fd = udp(own_address());
    assert_int_equal(write(fd, "ping", 4), 4);
    assert_silent(fd);
    close(fd);
}

static void watchers(void **state) {
    (void)state;
    open_serve();
    int a = udp("127.0.0.1"), c = udp("127.0.0.1");
    assert_has(ask(a, "#a watch"), "\"n\":0");
    see("cat");
    assert_has(receive(a), "{\"id\":\"a\",\"push\":\"change\",\"n\":1,\"seq\":1,");
    assert_has(ask(c, "watch terse"), "WATCH 0 10");
    see("dog");
    assert_has(receive(a), "\"n\":2,");
    assert_has(receive(a), "\"n\":3,");
    assert_has(receive(c), "OFF 1 2 ");
    assert_has(receive(c), "ON 2 2 ");
    close(a), close(c);
}

static void *wake_deferred(void *serve) {
    usleep(50000);
    serve_wake(serve);
    return NULL;
}

static double wait_of(int timeout_ms) {
    double before = clock_ms();
    serve_poll(s, timeout_ms);
    return clock_ms() - before;
}

/* Woken it returns at once, before or within its wait; else it sleeps as long as it may. */
static void wakes(void **state) {
    (void)state;
    pthread_t thread;
    open_serve();
    assert_true(wait_of(1500) >= 1490);
    serve_wake(s), serve_wake(s);
    assert_true(wait_of(60000) < 30000);
    assert_int_equal(pthread_create(&thread, NULL, wake_deferred, s), 0);
    assert_true(wait_of(60000) < 30000);
    pthread_join(thread, NULL);
    assert_true(wait_of(100) >= 90);
}

/* With each transport alone, some together, and none: a wait without limit ends, and none is as long as CoAP's or
 * serial's own.
 */
static void wakes_each(void **state) {
    (void)state;
    for (int set = 0; set < 8; set++) {
        params.udp_port = set & 1 ? SERVE_ANY_PORT : SERVE_NO_PORT;
        params.coap_port = set & 2 ? SERVE_ANY_PORT : SERVE_NO_PORT;
        params.serial[0] = set & 4 ? "/dev/ptmx" : NULL; /* a new pseudoterminal */
        open_serve();
        serve_poll(s, 0);
        double began = clock_ms();
        for (int i = 0; i < 200; i++) serve_wake(s), serve_poll(s, -1);
        assert_true(clock_ms() - began < 20000); /* 200 of 200 ms at least */
        serve_close(&s);
    }
}

static void poll_until_heard(int lines) {
    for (double until = clock_ms() + RECEIVE_MS; heard_lines() < lines && clock_ms() < until;) serve_poll(s, 5);
    assert_int_equal(heard.lines, lines);
}

static void serial(void **state) {
    (void)state;
    int master;
    char name[64], spec[80], link[64];
    snprintf(link, sizeof link, "/tmp/ocelli-test-%d", (int)getpid());
    pty_open(&master, name);
    assert_int_equal(symlink(name, link), 0);
    snprintf(spec, sizeof spec, "%s@3000000", link);
    params.serial[0] = spec;
    open_serve();
    assert_has(ask(master, "AT\r\n"), "\"pong\"");
    assert_has(ask(master, "#9 ping \xff\xfe\x80\n"), "{\"id\":\"9\",\"ok\":false,\"error\":\"utf8\"");
    assert_has(ask(master, "\xff\xfe\x80#8 ping\n"), "{\"id\":\"8\",\"ok\":true");
    assert_has(ask(master, "set cat \"a cat\"\n"), "\"version\":2}\n");
    assert_has(ask(master, "tags terse\n"), "TAGS 0 -1 -\n");
    assert_has(ask(master, "#w watch\n"), "\"lease_s\":null");
    see("dog");
    assert_has(receive(master), "\"push\":\"change\"");
    close(master); /* unplugged */
    poll_until_heard(1);
    unlink(link);
    pty_open(&master, name);
    assert_int_equal(symlink(name, link), 0);
    poll_until_heard(2);
    assert_has(ask(master, "ping\n"), "\"pong\"");
    assert_int_equal(heard.lines, 2);
    unlink(link);
    close(master);
}

/* Who asks and does not read gets whole lines later, and the wire is not taken for unplugged. */
static void slow_reader(void **state) {
    (void)state;
    int master, lines = 0;
    char name[64];
    pty_open(&master, name);
    params.serial[0] = name;
    open_serve();
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(write(master, "help tags\n", 10), 10);
        serve_poll(s, 0);
    }
    for (int idle = 0; idle < 60; serve_poll(s, 5)) {
        ssize_t size = read(master, got, 100);
        for (ssize_t i = 0; i < size; i++) lines += got[i] == '\n';
        idle = size > 0 ? 0 : idle + 1;
    }
    assert_true(lines > 50);
    assert_int_equal(heard.lines, 0);
    assert_has(ask(master, "#1 ping\n"), "{\"id\":\"1\",\"ok\":true");
    close(master);
}

/* A message and lines on one wire, as the same CoAP server answers it. */
static void slipmux(void **state) {
    (void)state;
#ifdef OCELLI_COAP
    int master;
    char name[64];
    uint8_t frame[FRAMING_FRAME];
    struct framing w = {.size = 0};
    enum framing_kind kind = FRAMING_NOTHING;
    pty_open(&master, name);
    params.serial[0] = name;
    open_serve();
    size_t size = framing_frame("\x42\x01\x12\x34\xab\xcd\xb6status", 13, frame); /* CON GET, token abcd, Uri-Path */
    assert_has(ask(master, "ping\n"), "\"pong\"");
    assert_int_equal(write(master, frame, size), size);
    for (double until = clock_ms() + RECEIVE_MS; kind != FRAMING_COAP && clock_ms() < until;) {
        ssize_t count;
        serve_poll(s, 5);
        count = read(master, got, sizeof got);
        for (ssize_t i = 0; i < count && kind != FRAMING_COAP; i++) kind = framing_take(&w, (uint8_t)got[i]);
    }
    assert_int_equal(kind, FRAMING_COAP);
    assert_memory_equal(w.bytes, "\x62\x45\x12\x34\xab\xcd", 6); /* ACK 2.05 */
    assert_has(ask(master, "ping\n"), "\"pong\"");
    close(master);
#else
    skip();
#endif
}

/* Pushes wait for a full wire, as far as the last changes are kept: then the oldest are missing, and the newest are
 * not. */
static void slow_watcher(void **state) {
    (void)state;
    enum { CHANGES = 400 };
    int master;
    char name[64], last[32];
    pty_open(&master, name);
    params.serial[0] = name;
    open_serve();
    assert_has(ask(master, "watch\n"), "\"watch\":true");
    for (int i = 0; i < CHANGES; i++) see(i % 2 ? "cat" : "dog"), serve_poll(s, 0);
    assert_true(wait_of(150) >= 140); /* nor does it turn round and round */
    snprintf(last, sizeof last, "\"n\":%llu,", (unsigned long long)s->context.events.count);
    bool heard_last = false;
    size_t used = 0;
    for (double until = clock_ms() + RECEIVE_MS; !heard_last && clock_ms() < until; serve_poll(s, 5)) {
        ssize_t size = read(master, got + used, sizeof got - 1 - used);
        if (size > 0) used += (size_t)size;
        got[used] = 0;
        heard_last = strstr(got, last);
        if (used > 4096) memmove(got, got + used - 2048, 2048), used = 2048;
    }
    assert_true(heard_last);
    close(master);
}

static void refused_params(void **state) {
    (void)state;
    static const char *const specs[] = {"@9600", "/dev/x@", "/dev/x@4000001", "/dev/x@9600x", "/dev/x@-1", ""};
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        heard_listen();
        params.serial[0] = specs[i];
        assert_int_equal(serve_open(&s, &params), OCELLI_ERR_USAGE);
        assert_null(s);
        assert_int_equal(heard.lines, 1);
    }
    params.serial[0] = NULL;
    params.address = "not an address";
    assert_int_equal(serve_open(&s, &params), OCELLI_ERR_USAGE);
    params.address = "127.0.0.1";
    open_serve();
    struct serve *second;
    params.udp_port = serve_udp_port(s);
    assert_int_equal(serve_open(&second, &params), OCELLI_ERR_DEVICE);
}

/* A link-local address is one of an interface, which stands behind it. */
static void link_local(void **state) {
    (void)state;
    char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = "";
    struct ifaddrs *all = NULL;
    assert_int_equal(getifaddrs(&all), 0);
    for (const struct ifaddrs *a = all; a && !*text; a = a->ifa_next) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a->ifa_addr;
        if (!six || six->sin6_family != AF_INET6 || !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr)) continue;
        inet_ntop(AF_INET6, &six->sin6_addr, text, INET6_ADDRSTRLEN);
        snprintf(text + strlen(text), IF_NAMESIZE + 1, "%%%s", a->ifa_name);
    }
    freeifaddrs(all);
    if (!*text) skip(); /* this machine has none */
    params.address = text;
    open_serve();
    struct serve *none;
    params.address = "fe80::1%nosuch";
    assert_int_equal(serve_open(&none, &params), OCELLI_ERR_USAGE);
    heard_listen();
    params.address = "2001:db8::77"; /* nobody's: for documents */
    assert_int_equal(serve_open(&none, &params), OCELLI_ERR_DEVICE);
    if (!strstr(heard.text, "this machine has none such now")) fail_msg("\"%s\"", heard.text);
}

/* One that any other program that listens would share. */
static int shared_socket(const char *address, uint16_t port) {
    const int on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, address, &at.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!bind(fd, (const struct sockaddr *)&at, sizeof at)) return fd;
    close(fd);
    return -1;
}

static void refuse_second(const char *address, uint16_t port) {
    struct serve *second;
    struct serve_params other = params;
    char text[96];
    other.udp_port = SERVE_NO_PORT, other.coap_port = port, other.address = address;
    heard_listen();
    assert_int_equal(serve_open(&second, &other), OCELLI_ERR_DEVICE);
    assert_null(second);
    assert_int_equal(heard.lines, 1);
    snprintf(text, sizeof text, "UDP port %d: Address already in use: end what uses it, or choose another", port);
    assert_string_equal(heard.text, text);
}

/* A port of CoAP is one program's, too, though libcoap would share it: the second would get what is meant for the
 * first. */
static void ports_of_its_own(void **state) {
    (void)state;
    open_serve();
    uint16_t port = serve_coap_port(s);
    if (!port) skip(); /* CoAP is not built in */
    refuse_second(NULL, port);
    refuse_second("127.0.0.1", port);
    assert_int_equal(shared_socket("0.0.0.0", port), -1);
    assert_int_equal(shared_socket("127.0.0.1", port), -1);
    serve_close(&s);
    int other = shared_socket("127.0.0.1", port);
    assert_true(other >= 0);
    refuse_second(NULL, port);
    refuse_second("127.0.0.1", port);
    close(other);
    params.coap_port = port, params.address = "127.0.0.1"; /* at once */
    open_serve();
    assert_int_equal(serve_coap_port(s), port);
    refuse_second(NULL, port);
    refuse_second("127.0.0.1", port);
    serve_close(&s);
    params.coap_port = params.udp_port = port; /* its own two */
    heard_listen();
    assert_int_equal(serve_open(&s, &params), OCELLI_ERR_DEVICE);
    assert_int_equal(heard.lines, 1);
}

/* What no frame and no line is, for as long as it takes: it goes on answering. */
static void floods(void **state) {
    (void)state;
    unsigned seed = 1;
    char bytes[600];
    open_serve();
    int fd = udp("127.0.0.1");
    for (int n = 0; n < 20000; n++) {
        size_t size = (size_t)rand_r(&seed) % sizeof bytes;
        for (size_t i = 0; i < size; i++) bytes[i] = (char)rand_r(&seed);
        if (write(fd, bytes, size) < 0) assert_int_equal(errno, EAGAIN);
        if (n % 16 == 0) serve_poll(s, 0);
        while (read(fd, got, sizeof got) > 0) {
        }
    }
    for (int turn = 0; turn < 6; turn++) {
        serve_poll(s, 5);
        while (read(fd, got, sizeof got) > 0) turn = 0;
    }
    assert_has(ask(fd, "ping"), "\"pong\"");
    assert_int_equal(b.version, 1);
    close(fd);
}

int main(void) {
    static const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(strangers, setup, teardown),
        cmocka_unit_test_setup_teardown(datagrams, setup, teardown),
        cmocka_unit_test_setup_teardown(watchers, setup, teardown),
        cmocka_unit_test_setup_teardown(wakes, setup, teardown),
        cmocka_unit_test_setup_teardown(wakes_each, setup, teardown),
        cmocka_unit_test_setup_teardown(serial, setup, teardown),
        cmocka_unit_test_setup_teardown(slow_reader, setup, teardown),
        cmocka_unit_test_setup_teardown(floods, setup, teardown),
        cmocka_unit_test_setup_teardown(slipmux, setup, teardown),
        cmocka_unit_test_setup_teardown(slow_watcher, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_params, setup, teardown),
        cmocka_unit_test_setup_teardown(link_local, setup, teardown),
        cmocka_unit_test_setup_teardown(ports_of_its_own, setup, teardown),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
