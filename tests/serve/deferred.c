/* SPDX-License-Identifier: Apache-2.0
 * A search, and changes, that take their time: others are answered meanwhile, and who waits gets the answer by its own
 * way. */
#include "serve_fixture.h"
#include "serve/framing.h"

/* The search under way, as service_search.c has it. */
static struct {
    char text[64]; /* "": nothing yet */
    bool going_on;
    int begun;
} searched;

static enum serve_code search(void *user, const struct serve_query *query, bool others, struct serve_found *found,
                              char message[SERVE_MESSAGE]) {
    static const struct serve_hit hit = {1795521600, 0.3, "cat"};
    (void)user, (void)message;
    const char *text = query->text;
    bool same = !strcmp(searched.text, text);
    if (searched.going_on && same) return SERVE_DEFERRED;
    if (searched.going_on || (!same && others)) return SERVE_BUSY;
    *found = (struct serve_found){&hit, 1, 1795435200};
    if (same) return SERVE_OK;
    snprintf(searched.text, sizeof searched.text, "%s", text);
    searched.going_on = true, searched.begun++;
    return SERVE_DEFERRED;
}

static bool searching(void *user) {
    (void)user;
    return searched.going_on;
}

static void end_search(void) {
    searched.going_on = false;
    serve_wake(s);
}

static void open_searched(void) {
    memset(&searched, 0, sizeof searched);
    table.search = search, table.searching = searching;
    open_serve();
}

static void tell(int fd, const char *line) {
    assert_int_equal(write(fd, line, strlen(line)), strlen(line));
    if (isatty(fd))
        assert_silent_wire(fd);
    else
        assert_silent(fd);
}

/* Serves until `count` more lines have come by a wire. */
static void receive_lines(int master, char *all, int count) {
    for (; count > 0; strcat(all, got)) {
        receive(master);
        assert_true(*got && strlen(all) + strlen(got) < sizeof got);
        for (const char *c = got; *c; c++) count -= *c == '\n';
    }
    assert_int_equal(count, 0);
}

static void datagrams(void **state) {
    (void)state;
    open_searched();
    int a = udp("127.0.0.1"), c = udp("127.0.0.1");
    tell(a, "#1 search a cat");
    tell(a, "#1 search a cat"); /* as who heard nothing does */
    tell(c, "#2 search a cat");
    assert_has(ask(c, "#3 ping"), "{\"id\":\"3\",\"ok\":true");
    assert_has(ask(c, "search a dog"), "\"error\":\"busy\"");
    end_search();
    assert_has(receive(a), "{\"id\":\"1\",\"ok\":true");
    assert_has(got, "\"hits\":[{\"time\":1795521600,");
    assert_has(receive(c), "{\"id\":\"2\",\"ok\":true");
    assert_silent(a);
    assert_has(ask(a, "#4 search a cat"), "{\"id\":\"4\",\"ok\":true");
    assert_int_equal(searched.begun, 1);
    close(a), close(c);
}

/* More than may wait are told so, and none of those who wait is forgotten. */
static void many(void **state) {
    (void)state;
    enum { ALL = 40 };
    int fds[ALL], waiting = 0;
    open_searched();
    for (int i = 0; i < ALL; i++) {
        fds[i] = udp("127.0.0.1");
        assert_int_equal(write(fds[i], "search a cat", 12), 12);
        for (int turn = 0; turn < 6; turn++) serve_poll(s, 5);
        ssize_t size = read(fds[i], got, sizeof got - 1);
        if (size > 0) {
            got[size] = 0;
            assert_has(got, "\"error\":\"busy\"");
            close(fds[i]);
        } else
            fds[waiting++] = fds[i];
    }
    assert_in_range(waiting, 2, ALL - 1);
    end_search();
    for (int i = 0; i < waiting; i++) {
        assert_has(receive(fds[i]), "\"hits\":[{");
        close(fds[i]);
    }
}

static void framing(void **state) {
    (void)state;
    int master;
    char name[64];
    pty_open(&master, name);
    params.serial[0] = name;
    open_searched();
    tell(master, "#1 search a cat\n");
    assert_has(ask(master, "tags terse\n"), "TAGS 0 -1 -\n");
    tell(master, "#1 search a cat\n"); /* once more */
    char text[64], all[8192] = "";
    for (int i = 2; i <= 8; i++) {
        snprintf(text, sizeof text, "#%d search a cat\n", i);
        tell(master, text);
    }
    assert_has(ask(master, "#9 search a cat\n"), "{\"id\":\"9\",\"ok\":false,\"error\":\"busy\"");
    end_search();
    receive_lines(master, all, 8);
    for (int i = 1; i <= 8; i++) {
        snprintf(text, sizeof text, "{\"id\":\"%d\",\"ok\":true", i);
        assert_has(all, text);
    }
    assert_silent_wire(master);
    tell(master, "#3 search a dog\n");
    close(master); /* unplugged: nobody waits any more */
    for (int i = 0; i < 20; i++) serve_poll(s, 5);
    end_search();
    for (int i = 0; i < 20; i++) serve_poll(s, 5);
}

/* ---- changes ---- */

/* Each change ends when its turn comes, as service_change.c has it. */
static struct {
    uint64_t given, ended; /* tickets */
    struct serve_origin last;
} changes;

static enum serve_code change_deferred(void *user, const struct serve_change *change, char message[SERVE_MESSAGE]) {
    struct serve_origin *origin = change->origin;
    bool again = origin->ticket;
    if (!again && origin->client == changes.last.client && origin->request == changes.last.request)
        origin->ticket = changes.last.ticket;
    if (!origin->ticket && !origin->may_wait) return SERVE_BUSY;
    if (!origin->ticket) origin->ticket = ++changes.given;
    if (!again) changes.last = *origin;
    if (origin->ticket > changes.ended) return SERVE_DEFERRED;
    return again ? fixture_change(user, change, message) : SERVE_OK;
}

static bool pending(void *user, uint64_t ticket) {
    (void)user;
    return ticket > changes.ended;
}

static void end_changes(uint64_t count) {
    changes.ended += count;
    serve_wake(s);
}

static void open_changing(void) {
    memset(&changes, 0, sizeof changes);
    table.change = change_deferred, table.pending = pending;
    open_searched();
}

/* Each by its own ticket; a repeat while it waits, and one after it, are that request. */
static void changing_datagrams(void **state) {
    (void)state;
    open_changing();
    int a = udp("127.0.0.1"), c = udp("127.0.0.1");
    tell(a, "#1 set cat one");
    tell(a, "#1 set cat one");
    assert_true(changes.last.named);
    tell(c, "set cat two");
    assert_false(changes.last.named);
    assert_int_equal(changes.given, 2);
    assert_has(ask(c, "#3 ping"), "{\"id\":\"3\",\"ok\":true");
    tell(c, "search a cat"); /* is not kept off by who waits for a change */
    end_search();
    assert_has(receive(c), "\"hits\":[{");
    end_changes(1);
    assert_has(receive(a), "{\"id\":\"1\",\"ok\":true,");
    assert_silent(c);
    end_changes(1);
    assert_has(receive(c), "{\"ok\":true,");
    assert_has(ask(c, "prompts cat"), "\"values\":[\"two\"]");
    assert_silent(a);
    assert_int_equal(changes.given, 2);
    close(a), close(c);
}

/* A change that nobody could be told of is not begun. */
static void changing_too_many(void **state) {
    (void)state;
    int a;
    open_changing();
    a = udp("127.0.0.1");
    for (int i = 0; i < 32; i++) {
        char text[32];
        snprintf(text, sizeof text, "#%d set cat %d", i, i);
        assert_int_equal(write(a, text, strlen(text)), strlen(text));
        serve_poll(s, 0);
    }
    assert_silent(a);
    assert_has(ask(a, "#x set cat x"), "{\"id\":\"x\",\"ok\":false,\"error\":\"busy\"");
    assert_int_equal(changes.given, 32);
    end_changes(32);
    for (int i = 0; i < 32; i++) assert_has(receive(a), "\"ok\":true");
    close(a);
}

static void changing_wire(void **state) {
    (void)state;
    int master;
    char name[64], all[8192] = "";
    pty_open(&master, name);
    params.serial[0] = name;
    open_changing();
    tell(master, "#1 set cat one\n#2 set dog two\n");
    assert_has(ask(master, "#3 ping\n"), "{\"id\":\"3\",\"ok\":true");
    end_changes(2);
    receive_lines(master, all, 2);
    assert_has(all, "{\"id\":\"1\",\"ok\":true");
    assert_has(all, "{\"id\":\"2\",\"ok\":true");
    close(master);
}

#ifdef OCELLI_COAP
/* PUT /prompts?tag=cat, confirmable, with `text` as its body. */
static void put(int fd, uint8_t mid, const char *text) {
    uint8_t message[64] = {0x42, 3,   0,    mid, 't', mid, 0xb7, 'p', 'r', 'o', 'm', 'p',
                           't',  's', 0x47, 't', 'a', 'g', '=',  'c', 'a', 't', 0xff};
    memcpy(message + 23, text, strlen(text));
    assert_int_equal(write(fd, message, 23 + strlen(text)), 23 + strlen(text));
}

static void changing_messages(void **state) {
    (void)state;
    params.coap_port = SERVE_ANY_PORT;
    open_changing();
    int a = coap(), line = udp("127.0.0.1");
    for (int i = 0; i < 2; i++) { /* and once more, as if nothing had come */
        put(a, 1, "one");
        receive(a);
        assert_memory_equal(got, "\x60\x00\x00\x01", 4);
    }
    assert_int_equal(changes.given, 1);
    assert_has(ask(line, "prompts cat"), "\"values\":[\"cat\"]");
    end_changes(1);
    receive(a);
    assert_int_equal((uint8_t)got[0], 0x42);
    assert_int_equal((uint8_t)got[1], 0x44); /* 2.04 */
    const char acknowledged[] = {0x60, 0, got[2], got[3]};
    assert_int_equal(write(a, acknowledged, 4), 4);
    assert_has(ask(line, "prompts cat"), "\"values\":[\"one\"]");
    put(a, 1, "one"); /* again after its answer: the same request */
    receive(a);
    assert_int_equal((uint8_t)got[1], 0x44);
    assert_int_equal(changes.given, 1);
    put(a, 2, "two");
    receive(a);
    assert_int_equal(changes.given, 2);
    close(a), close(line);
}

/* GET /search?q=`text` from loopback; `head`: type, version and length of the token, which ends with the Message ID. */
static void get(int fd, uint8_t head, uint8_t mid, const char *text) {
    uint8_t message[64] = {
        head, 1, 0, mid, 't', mid, 0xb6, 's', 'e', 'a', 'r', 'c', 'h', (uint8_t)(0x42 + strlen(text)), 'q', '='};
    memcpy(message + 16, text, strlen(text));
    assert_int_equal(write(fd, message, 16 + strlen(text)), 16 + strlen(text));
}

/* An empty acknowledgement at once, the answer as a confirmable message of its own; a plain one to who asked without.
 */
static void messages(void **state) {
    (void)state;
    params.coap_port = SERVE_ANY_PORT;
    open_searched();
    int a = coap(), c = coap();
    get(a, 0x42, 1, "cat");
    receive(a);
    assert_memory_equal(got, "\x60\x00\x00\x01", 4);
    get(a, 0x42, 1, "cat"); /* sent again */
    receive(a);
    assert_memory_equal(got, "\x60\x00\x00\x01", 4);
    get(c, 0x52, 2, "cat");
    assert_silent(c);
    get(c, 0x42, 3, "dog");
    receive(c);
    assert_memory_equal(got, "\x62\x9d\x00\x03", 4); /* 4.29 */
    end_search();
    get(c, 0x42, 4, "dog"); /* comes before those who wait have their answers: it is not to take them away */
    int line = udp("127.0.0.1");
    assert_int_equal(write(line, "search a dog", 12), 12);
    receive(a);
    assert_int_equal((uint8_t)got[0], 0x42);
    assert_int_equal((uint8_t)got[1], 0x45);
    assert_has(got + 4, "\"since\""); /* behind the Message ID, which may have a byte of 0 */
    assert_has(strstr(got + 4, "\"since\""), "\"hits\":[{");
    const char acknowledged[] = {0x60, 0, got[2], got[3]};
    assert_int_equal(write(a, acknowledged, 4), 4);
    bool answered = false;
    for (int i = 0; i < 2 && !answered; i++) {
        receive(c);
        answered = (uint8_t)got[0] == 0x52 && (uint8_t)got[1] == 0x45;
    }
    assert_true(answered);
    assert_int_equal(searched.begun, 1);
    assert_has(receive(line), "\"error\":\"busy\"");
    assert_has(ask(line, "search cat"), "\"hits\":[{");
    tell(line, "search a dog"); /* now nobody waits */
    close(line);
    close(a), close(c);
}

/* The server ends while they wait. */
static void closed(void **state) {
    (void)state;
    params.coap_port = SERVE_ANY_PORT;
    open_searched();
    enum { ALL = 36 };
    int fds[ALL]; /* all open: a port of one before would make the same message a repeat of its request */
    for (int i = 0; i < ALL; i++) {
        get(fds[i] = coap(), 0x42, 1, "cat");
        receive(fds[i]);
        assert_int_equal((uint8_t)got[1], i < 32 ? 0 : 0x9d); /* 4.29: no more may wait */
    }
    for (int i = 0; i < ALL; i++) close(fds[i]);
}
#endif

int main(void) {
    static const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(datagrams, setup, teardown),
        cmocka_unit_test_setup_teardown(many, setup, teardown),
        cmocka_unit_test_setup_teardown(framing, setup, teardown),
        cmocka_unit_test_setup_teardown(changing_datagrams, setup, teardown),
        cmocka_unit_test_setup_teardown(changing_too_many, setup, teardown),
        cmocka_unit_test_setup_teardown(changing_wire, setup, teardown),
#ifdef OCELLI_COAP
        cmocka_unit_test_setup_teardown(changing_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(messages, setup, teardown),
        cmocka_unit_test_setup_teardown(closed, setup, teardown),
#endif
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
