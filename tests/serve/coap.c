/* SPDX-License-Identifier: Apache-2.0
 * CoAP messages by hand, over loopback: what costs memory or work, and options of their own kind. */
#include "serve_fixture.h"

#ifdef OCELLI_COAP

enum {
    CON = 0x42,
    GET = 1,
    PUT = 3,
    ETAG = 4,
    IF_MATCH = 1,
    IF_NONE_MATCH = 5,
    OBSERVE = 6,
    PATH = 11,
    QUERY = 15,
    ACCEPT = 17,
    BLOCK2 = 23
};

enum { FRAME = 1 << 18 };

static uint8_t message[256];
static size_t used;
static int before;          /* number of the option before */
static uint8_t token = 't'; /* its second byte */

static void begin(int code, uint8_t mid) {
    const uint8_t head[] = {CON, (uint8_t)code, 0, mid, 't', token};
    memcpy(message, head, used = sizeof head);
    before = 0;
}

/* Delta and length below 13 each: RFC 7252 section 3.1. */
static void option(int number, const char *value, size_t size) {
    message[used++] = (uint8_t)((number - before) << 4 | (int)size);
    memcpy(message + used, value, size);
    used += size, before = number;
}

static void text(int number, const char *value) {
    option(number, value, strlen(value));
}

/* Of a change: the tag, and a prompt for it. */
static void end_with_cat(void) {
    static const char body[] = "\xff"
                               "a cat";
    text(PATH, "prompts"), text(QUERY, "tag=cat");
    memcpy(message + used, body, sizeof body - 1);
    used += sizeof body - 1;
}

/* The answer's code as 205; its bytes in `got`. */
static int exchange(int fd) {
    assert_int_equal(write(fd, message, used), used);
    receive(fd);
    return ((uint8_t)got[1] >> 5) * 100 + (got[1] & 31);
}

static int frames_made;
static bool frame(void *user, const uint8_t **jpeg, size_t *size) {
    static uint8_t bytes[FRAME];
    (void)user;
    frames_made++;
    *jpeg = bytes, *size = sizeof bytes;
    return true;
}

static void open_coap(void) {
    params.coap_port = SERVE_ANY_PORT;
    frames_made = 0;
    table.frame = frame;
    open_serve();
    const struct tagger_event *events;
    fixture_see(&b, (const char *[]){"cat", NULL}, &events);
}

static int get_frame(int fd, uint8_t mid, const char *query) {
    begin(GET, mid);
    text(PATH, "frame");
    if (query) text(QUERY, query);
    return exchange(fd);
}

/* libcoap keeps the body of an answer whose blocks nobody fetches. */
static void bodies(void **state) {
    (void)state;
    int kept = 0, refused = 0, fds[200]; /* all open, so that none has the port of another */
    open_coap();
    for (int i = 0; i < 200; i++) {
        int code = get_frame(fds[i] = coap(), 1, NULL);
        kept += code == 205, refused += code == 503;
    }
    assert_int_equal(kept, (32 << 20) / FRAME); /* not a byte is left */
    assert_int_equal(kept + refused, 200);
    int fd = coap();
    begin(GET, 1);
    text(PATH, "status");
    assert_int_equal(exchange(fd), 205); /* what is no blocks needs no room */
    begin(PUT, 2);
    end_with_cat();
    assert_int_equal(exchange(fd), 204);
    close(fd);
    for (int i = 0; i < 200; i++) close(fds[i]);
}

static void frame_of(void **state) {
    (void)state;
    char etag[8];
    int fd;
    open_coap();
    fd = coap();
    assert_int_equal(get_frame(fd, 1, "x=1"), 400);
    assert_int_equal(frames_made, 0);
    assert_int_equal(get_frame(fd, 2, NULL), 205);
    assert_int_equal((uint8_t)got[6], 0x48); /* ETag, 8 bytes */
    memcpy(etag, got + 7, 8);
    begin(GET, 3);
    option(ETAG, etag, 8), text(PATH, "frame");
    assert_int_equal(exchange(fd), 203);
    assert_int_equal(frames_made, 1);
    close(fd);
}

static void links(void **state) {
    (void)state;
    open_coap();
    int fd = coap();
    begin(GET, 1);
    text(PATH, ".well-known"), text(PATH, "core");
    assert_int_equal(exchange(fd), 205);
    assert_has(strchr(got + 6, '<'), "</tags>;rt=\"ocelli.tags\";ct=\"50 60 110 112\";obs,");
    assert_has(strchr(got + 6, '<'), "</search>;rt=\"ocelli.search\";ct=\"50 60\",");
    assert_has(strchr(got + 6, '<'), ",</frame>;rt=\"ocelli.frame\";ct=22");
    begin(GET, 2);
    text(PATH, ".well-known"), text(PATH, "core"), text(QUERY, "rt=x");
    assert_int_equal(exchange(fd), 205);
    begin(GET, 3);
    text(PATH, ".well-known"), text(PATH, "core"), option(ACCEPT, "\x32", 1);
    assert_int_equal(exchange(fd), 406);
    close(fd);
}

/* They would make a change depend on what is not looked at. */
static void conditional(void **state) {
    (void)state;
    open_coap();
    int fd = coap();
    for (int i = 0; i < 2; i++) {
        begin(PUT, (uint8_t)(1 + i));
        if (i)
            option(IF_NONE_MATCH, "", 0);
        else
            text(IF_MATCH, "bogus");
        end_with_cat();
        int code = exchange(fd);
        assert_true(code == 402 || (i && code == 412)); /* libcoap 4.3.5 knows that there is one */
        assert_int_equal(b.version, 1);
    }
    close(fd);
}

/* The resource's own, however large the blocks are. */
static void etag_of_blocks(void **state) {
    (void)state;
    char whole[9], block[9];
    open_coap();
    int fd = coap();
    begin(GET, 1);
    text(PATH, "prompts");
    assert_int_equal(exchange(fd), 205);
    memcpy(whole, got + 6, 9);
    begin(GET, 2);
    text(PATH, "prompts"), option(BLOCK2, "\x02", 1);
    assert_int_equal(exchange(fd), 205);
    memcpy(block, got + 6, 9);
    assert_memory_equal(block, whole, 9);
    begin(GET, 3);
    option(ETAG, block + 1, 8), text(PATH, "prompts");
    assert_int_equal(exchange(fd), 203);
    close(fd);
}

static int observe(int fd, uint8_t mid, bool on, const char *path, int query) {
    char number[24];
    snprintf(number, sizeof number, "from=%d", query);
    begin(GET, mid);
    option(OBSERVE, "\x01", !on), text(PATH, path);
    if (query) text(QUERY, number);
    return exchange(fd);
}

/* What is observed no more makes room; what cannot be observed takes none. */
static void cancelled(void **state) {
    (void)state;
    open_coap();
    int fd = coap();
    for (int i = 0; i < 20; i++) assert_int_equal(observe(fd, (uint8_t)(1 + i), true, "status", 0), 205);
    for (int i = 0; i < 8; i++)
        token = (uint8_t)i, assert_int_equal(observe(fd, (uint8_t)(31 + i), true, "tags", i), 205);
    token = 100;
    assert_int_equal(observe(fd, 41, true, "tags", 9), 503);
    assert_int_equal(observe(fd, 42, false, "tags", 1), 205); /* libcoap goes by the token: this ends nothing */
    assert_int_equal(observe(fd, 43, true, "tags", 9), 503);
    for (int i = 0; i < 40; i++) {
        token = (uint8_t)i;
        assert_int_equal(observe(fd, (uint8_t)(51 + 2 * i), false, "tags", i), 205);
        token = (uint8_t)(i + 8);
        assert_int_equal(observe(fd, (uint8_t)(52 + 2 * i), true, "tags", i + 8), 205);
    }
    token = 't';
    close(fd);
}

int main(void) {
    static const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(frame_of, setup, teardown),
        cmocka_unit_test_setup_teardown(links, setup, teardown),
        cmocka_unit_test_setup_teardown(conditional, setup, teardown),
        cmocka_unit_test_setup_teardown(etag_of_blocks, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelled, setup, teardown),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}

#else

int main(void) {
    return 77;
}

#endif
