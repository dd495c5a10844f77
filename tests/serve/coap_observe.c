/* SPDX-License-Identifier: Apache-2.0
 * How much a client may observe, by libcoap's own sessions and messages, and through the service. */
#include "support/test.h"

#ifdef OCELLI_COAP
#include "service_fixture.h"
#include "serve/coap_observe.h"
#include "serve/serve.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

static struct observe_sessions all;
static coap_context_t *context;
static coap_session_t *sessions[2];

static int setup(void **state) {
    (void)state;
    coap_address_t to;
    coap_startup();
    memset(&all, 0, sizeof all);
    context = coap_new_context(NULL);
    coap_address_init(&to);
    to.size = sizeof to.addr.sin;
    to.addr.sin = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = 1, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < 2; i++) sessions[i] = coap_new_client_session(context, NULL, &to, COAP_PROTO_UDP);
    return !sessions[0] || !sessions[1];
}

static int teardown(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) coap_session_release(sessions[i]);
    coap_free_context(context);
    coap_cleanup();
    return 0;
}

/* GET /PATH, with an option of that number and text (0: none). */
static bool admit(int session, const char *path, coap_option_num_t number, const char *text) {
    coap_str_const_t name = {strlen(path), (const uint8_t *)path};
    coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 1152);
    coap_optlist_t *options = NULL;
    coap_insert_optlist(&options, coap_new_optlist(COAP_OPTION_URI_PATH, name.length, name.s));
    coap_insert_optlist(&options, coap_new_optlist(COAP_OPTION_OBSERVE, 0, NULL));
    if (number) coap_insert_optlist(&options, coap_new_optlist(number, strlen(text), (const uint8_t *)text));
    coap_add_optlist_pdu(pdu, &options);
    bool may = observe_admit(&all, sessions[session], pdu, &name);
    coap_delete_optlist(options);
    coap_delete_pdu(pdu);
    return may;
}

static void of_a_session(void **state) {
    (void)state;
    char text[8];
    assert_true(admit(0, "events", 0, NULL));
    for (int i = 1; i < OBSERVE_REQUESTS; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_true(admit(0, "events", COAP_OPTION_URI_QUERY, text));
    }
    assert_false(admit(0, "tags", 0, NULL));
    assert_false(admit(0, "events", COAP_OPTION_URI_QUERY, "x"));
    for (int times = 0; times < 20; times++) {
        assert_true(admit(0, "events", 0, NULL));
        assert_true(admit(0, "events", COAP_OPTION_ETAG, text)); /* are no part of what is asked */
        assert_true(admit(0, "events", 252, "an Echo"));
        assert_true(admit(0, "events", COAP_OPTION_URI_QUERY, "1"));
    }
    assert_true(admit(1, "events", COAP_OPTION_URI_QUERY, "x")); /* another has its own */
    observe_forget(sessions[0]);
    assert_true(admit(0, "tags", 0, NULL));
    observe_forget(sessions[0]), observe_forget(sessions[0]), observe_forget(sessions[1]);
    for (int i = 0; i < OBSERVE_SESSIONS; i++) assert_null(all.sessions[i].session);
}

static void of_all(void **state) {
    (void)state;
    for (int i = 0; i < OBSERVE_SESSIONS; i++) all.sessions[i].session = i == OBSERVE_SESSIONS / 2 ? NULL : sessions[0];
    assert_true(admit(0, "events", 0, NULL));
    assert_false(admit(1, "events", 0, NULL));
    observe_forget(sessions[0]);
    assert_true(admit(1, "events", 0, NULL));
}

/* Of the answer to GET /events?`query` with Observe: its code, as 205; 0: none. */
static int observe(struct serve *s, int fd, const char *query) {
    static uint8_t mid;
    uint8_t message[64] = {0x41, 1,   0,   ++mid, 't', 0x60, 0x56,
                           'e',  'v', 'e', 'n',   't', 's',  (uint8_t)(0x40 | strlen(query))},
            got[1500];
    size_t sent = *query ? 14 + strlen(query) : 13;
    ssize_t size = -1;
    memcpy(message + 14, query, strlen(query));
    assert_int_equal(write(fd, message, sent), sent);
    for (double until = clock_ms() + 30000; size < 4 && clock_ms() < until;) {
        serve_poll(s, 20);
        size = recv(fd, got, sizeof got, MSG_DONTWAIT);
    }
    return size < 4 ? 0 : (got[1] >> 5) * 100 + (got[1] & 31);
}

/* However many ask, one more is refused, and who observes may go on. */
static void of_a_board(void **state) {
    (void)state;
    static struct service_fixture b;
    struct serve *s;
    assert_int_equal(fixture_open(&b, "[defaults]\nsmooth = 0\n[tag cat]\n", NULL), 0);
    struct serve_callbacks table = fixture_table(&b);
    struct serve_params params = {
        .callbacks = &table, .udp_port = SERVE_NO_PORT, .coap_port = SERVE_ANY_PORT, .coaps_port = SERVE_NO_PORT};
    assert_int_equal(serve_open(&s, &params), OCELLI_OK);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(serve_coap_port(s)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int codes[600] = {0}, first = -1;
    for (int i = 0; i < OBSERVE_SESSIONS + 1; i++) {
        struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002 + (uint32_t)i)};
        int fd = socket(AF_INET, SOCK_DGRAM, 0);
        assert_int_equal(
            bind(fd, (struct sockaddr *)&from, sizeof from) || connect(fd, (struct sockaddr *)&to, sizeof to), 0);
        codes[observe(s, fd, "")]++;
        if (i) close(fd);
        if (!i) first = fd;
    }
    assert_int_equal(codes[205], OBSERVE_SESSIONS);
    assert_int_equal(codes[503], 1);
    assert_int_equal(observe(s, first, ""), 205);
    assert_int_equal(observe(s, first, "x=y"), 400);
    close(first);
    serve_close(&s);
    fixture_close(&b);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_a_session, setup, teardown),
        cmocka_unit_test_setup_teardown(of_all, setup, teardown),
        cmocka_unit_test(of_a_board),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void) {
    puts("SKIP: CoAP is not built in");
    return 77;
}
#endif
