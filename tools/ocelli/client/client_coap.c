/* SPDX-License-Identifier: Apache-2.0
 * CoAP and DTLS. A verb is the row of the board's own table. */
#include "base/clock.h"
#include "base/log.h"
#include "ocelli/client/client.h"
#include "serve/psk.h"
#include "serve/request.h"
#include "serve/serve.h"
#include "serve/arguments.h"

#include <cjson/cJSON.h>
#include <coap3/coap.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 20000, PICTURE_MS = 300000 /* its blocks too */, RENEW_MS = 20000 };

struct coap_client {
    coap_context_t *context;
    coap_session_t *session;
    struct psk psk;
    bool done, gone; /* an answer came; none will */
    int code;        /* of the answer, 205 */
    char *body;      /* terminated */
    char *push;
    double seen; /* n of the last event that was given out */
    cJSON *events;
    double asked_ms;
    uint8_t token[8];
    size_t token_size;
};

/* ---- opening ---- */

static void ignore(coap_log_t level, const char *message) {
    (void)level, (void)message;
}

static coap_response_t heard(coap_session_t *session, const coap_pdu_t *sent, const coap_pdu_t *received,
                             const coap_mid_t mid) {
    struct coap_client *k = coap_session_get_app_data(session);
    const uint8_t *data;
    size_t size = 0, offset, total;
    coap_pdu_code_t code = coap_pdu_get_code(received);
    (void)sent, (void)mid;
    coap_get_data_large(received, &size, &data, &offset, &total);
    free(k->body);
    k->body = calloc(1, size + 1);
    if (k->body && size) memcpy(k->body, data, size);
    k->code = (int)(code >> 5) * 100 + (int)(code & 31);
    k->done = true;
    return COAP_RESPONSE_OK;
}

static void refused(coap_session_t *session, const coap_pdu_t *sent, const coap_nack_reason_t reason,
                    const coap_mid_t mid) {
    struct coap_client *k = coap_session_get_app_data(session);
    (void)sent, (void)reason, (void)mid;
    if (k) k->gone = true;
}

static int open_session(struct client *client, const coap_address_t *to, bool dtls) {
    struct coap_client *k = client->self;
    if (!dtls) {
        k->session = coap_new_client_session(k->context, NULL, to, COAP_PROTO_UDP);
    } else {
        if (!client->keys)
            return log_fail(OCELLI_ERR_USAGE, "%s: give --psk FILE with a line IDENTITY:KEY", client->uri);
        int status = psk_read(&k->psk, client->keys);
        if (status) return status;
        const struct psk_key *key = &k->psk.keys[0];
        k->session = coap_new_client_session_psk(k->context, NULL, to, COAP_PROTO_DTLS, key->identity, key->key,
                                                 (unsigned)key->size);
    }
    if (!k->session) return log_fail(OCELLI_ERR_DEVICE, "%s: cannot connect", client->uri);
    coap_session_set_app_data(k->session, k);
    return OCELLI_OK;
}

static int open_any(struct client *client, int port, bool dtls) {
    struct addrinfo *all;
    coap_address_t to;
    struct coap_client *k = client->self = calloc(1, sizeof *k);
    if (!k) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    coap_startup();
    coap_set_log_handler(ignore);
    k->context = coap_new_context(NULL);
    if (!k->context) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    coap_context_set_block_mode(k->context, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
    coap_register_response_handler(k->context, heard);
    coap_register_nack_handler(k->context, refused);
    int status = client_resolve(client, port, &all);
    if (status) return status;
    coap_address_init(&to);
    to.size = all->ai_addrlen;
    memcpy(&to.addr, all->ai_addr, all->ai_addrlen);
    freeaddrinfo(all);
    return open_session(client, &to, dtls);
}

static int open_coap(struct client *c) {
    return open_any(c, SERVE_COAP_PORT, false);
}

static int open_coaps(struct client *c) {
    return open_any(c, SERVE_COAPS_PORT, true);
}

static void close_coap(struct client *c) {
    struct coap_client *k = c->self;
    if (k->session) coap_session_set_app_data(k->session, NULL);
    if (k->session) coap_session_release(k->session);
    if (k->context) coap_free_context(k->context);
    coap_cleanup();
    psk_finish(&k->psk);
    cJSON_Delete(k->events);
    free(k->body);
    free(k->push);
    free(k);
}

/* ---- requests ---- */

static void add_text(coap_optlist_t **list, coap_option_num_t number, const char *name, const char *value) {
    char text[1200];
    int size = snprintf(text, sizeof text, "%s%s", name, value);
    coap_insert_optlist(list, coap_new_optlist(number, (size_t)size, (const uint8_t *)text));
}

/* The first word is the row's own query, "from N" another; of a change the rest is the body, of a search all. */
static void add_arguments(coap_optlist_t **list, const struct serve_row *row, const char *const *arguments,
                          size_t count, char body[1200]) {
    char name[16];
    size_t used = 0;
    if (row->pages && count >= 2 && !strcmp(arguments[count - 2], "from"))
        add_text(list, COAP_OPTION_URI_QUERY, "from=", arguments[count - 1]), count -= 2;
    snprintf(name, sizeof name, "%s=", row->query ? row->query : "x");
    for (size_t i = 0; i < count && used < 1100; i++) {
        if (i == 0 && row->changes) add_text(list, COAP_OPTION_URI_QUERY, name, arguments[0]);
        if (i > 0 || !row->changes)
            used +=
                (size_t)snprintf(body + used, 1200 - used, "%s%s", used ? row->changes ? "\n" : " " : "", arguments[i]);
    }
    if (!row->changes && count) add_text(list, COAP_OPTION_URI_QUERY, name, body), body[0] = 0;
}

/* Sends; observe below 0: no such option. */
static int send_request(struct client *client, const struct serve_row *row, const char *const *arguments, size_t count,
                        int observe) {
    struct coap_client *k = client->self;
    coap_optlist_t *list = NULL;
    char body[1200] = "";
    coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, (coap_pdu_code_t)row->method, k->session);
    if (!pdu) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    if (observe < 0 || !k->token_size) coap_session_new_token(k->session, &k->token_size, k->token);
    coap_add_token(pdu, k->token_size, k->token);
    if (observe >= 0) coap_insert_optlist(&list, coap_new_optlist(COAP_OPTION_OBSERVE, 0, NULL));
    add_text(&list, COAP_OPTION_URI_PATH, row->path, "");
    add_arguments(&list, row, arguments, count, body);
    coap_add_optlist_pdu(pdu, &list);
    coap_delete_optlist(list);
    if (row->picture) /* in blocks; it outlives the request */
        coap_add_data_large_request(k->session, pdu, client->picture_size, client->picture, NULL, NULL);
    else if (body[0])
        coap_add_data(pdu, strlen(body), (const uint8_t *)body);
    k->done = k->gone = false;
    return coap_send(k->session, pdu) == COAP_INVALID_MID ? log_fail(OCELLI_ERR_DEVICE, "%s: cannot send", client->uri)
                                                          : OCELLI_OK;
}

static int wait_answer(struct client *c, const char *what) {
    struct coap_client *k = c->self;
    double most = c->picture ? PICTURE_MS : ANSWER_MS;
    for (double until = clock_ms() + most; !k->done && !k->gone && clock_ms() < until;)
        coap_io_process(k->context, 100);
    if (!k->done || !k->body)
        return log_fail(OCELLI_ERR_DEVICE, "%s: no answer: is it on, may this machine ask it, is the key right?",
                        c->uri);
    if (k->code < 300) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: %s: %d.%02d %s", c->uri, what, k->code / 100, k->code % 100,
                    k->body[0] ? k->body : "the board says no");
}

static int ask(struct client *c, const char *const *arguments, size_t count, const char **json) {
    const struct serve_row *row =
        c->picture ? serve_row_of_path(arguments[0], SERVE_PUT) : serve_row_of_verb(arguments[0]);
    if (!row || !row->path)
        return log_fail(OCELLI_ERR_USAGE, "%s: CoAP has no %s: tags, prompts, add, set, remove, search, status", c->uri,
                        arguments[0]);
    size_t size = 0;
    for (size_t i = 1; i < count; i++) size += strlen(arguments[i]) + 1;
    if (size > SERVE_LINE) return log_fail(OCELLI_ERR_USAGE, "%s: a request is at most %d bytes", c->uri, SERVE_LINE);
    int status = send_request(c, row, arguments + 1, count - 1, -1);
    if (!status) status = wait_answer(c, arguments[0]);
    *json = ((struct coap_client *)c->self)->body;
    return status;
}

/* ---- following ---- */

/* *n: of the board's last event. */
static int observe(struct client *c, double *n) {
    struct coap_client *k = c->self;
    int status = send_request(c, serve_row_of_path("events", SERVE_GET), NULL, 0, 0);
    if (!status) status = wait_answer(c, "events");
    k->asked_ms = clock_ms();
    if (status) return status;
    cJSON *answer = cJSON_Parse(k->body);
    const cJSON *number = cJSON_GetObjectItem(answer, "n");
    if (cJSON_IsNumber(number)) *n = number->valuedouble;
    cJSON_Delete(answer);
    return OCELLI_OK;
}

/* What was before is not news. */
static int watch(struct client *c) {
    return observe(c, &((struct coap_client *)c->self)->seen);
}

/* A board that was started anew counts from 0, and knows nothing of the observation. */
static int renew(struct client *c) {
    struct coap_client *k = c->self;
    double n = k->seen;
    int status = observe(c, &n);
    if (n < k->seen) k->seen = 0;
    return status;
}

/* The next event that was not given out yet, as a push; false: none. */
static bool take_event(struct coap_client *k, const char **json) {
    const cJSON *event;
    cJSON_ArrayForEach(event, cJSON_GetObjectItem(k->events, "events")) {
        const cJSON *n = cJSON_GetObjectItem(event, "n");
        if (!n || n->valuedouble <= k->seen) continue;
        k->seen = n->valuedouble;
        cJSON *push = cJSON_Duplicate(event, 1);
        cJSON_AddStringToObject(push, "push", "change");
        free(k->push);
        *json = k->push = cJSON_PrintUnformatted(push);
        cJSON_Delete(push);
        return k->push;
    }
    return false;
}

static int next(struct client *client, int timeout_ms, const char **json) {
    struct coap_client *k = client->self;
    double until = timeout_ms < 0 ? INFINITY : clock_ms() + timeout_ms;
    for (*json = NULL;;) {
        if (take_event(k, json)) return OCELLI_OK;
        int status = clock_ms() - k->asked_ms > RENEW_MS ? renew(client) : OCELLI_OK;
        if (status) return status;
        double left = fmin(until - clock_ms(), 1000);
        if (!k->done && left < 1) return OCELLI_OK;
        if (!k->done) coap_io_process(k->context, (uint32_t)left);
        if (!k->done || !k->body) continue;
        k->done = false;
        cJSON_Delete(k->events);
        k->events = cJSON_Parse(k->body);
    }
}

const struct client_kind client_coap = {"coap:", true, true, open_coap, ask, watch, next, close_coap};
const struct client_kind client_coaps = {"coaps:", true, true, open_coaps, ask, watch, next, close_coap};
