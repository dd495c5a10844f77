/* SPDX-License-Identifier: Apache-2.0
 * Which CoAP clients get an answer, and which may change something. */
#include "serve/coap_exchange.h"

#include <limits.h>
#include <string.h>

/* At least the bytes of the request: of its options only path and query are counted. */
static size_t allowance(const struct exchange *e) {
    size_t headers = serve_address_headers(&e->from), payload = 0;
    const uint8_t *data;
    const coap_str_const_t *path = coap_resource_get_uri_path(e->resource);
    coap_get_data(e->in, &payload, &data);
    size_t size =
        4 + coap_pdu_get_token(e->in).length + 1 + path->length + (e->query ? e->query->length + 1 : 0) + payload;
    return 3 * (headers + size) - headers;
}

static bool proves(const struct exchange *e, double now_ms) {
    coap_opt_iterator_t at;
    char proof[9];
    coap_opt_t *echo = coap_check_option(e->in, COAP_OPTION_ECHO, &at);
    serve_clients_proof(&e->coap->clients, &e->from, now_ms, proof);
    return echo && coap_opt_length(echo) == 8 && !memcmp(coap_opt_value(echo), proof, 8);
}

/* An error each time: without one libcoap keeps the observation, though nobody is answered. */
static bool admit_observe(struct exchange *e, enum serve_verdict verdict) {
    if (verdict != SERVE_MAY)
        exchange_fault(e, 429, "");
    else if (!e->proved)
        exchange_prove(e);
    else if (!observe_admit(&e->coap->observing, e->session, e->in, coap_resource_get_uri_path(e->resource)))
        exchange_fault(e, 503, "too much is observed already");
    else
        return true;
    return false;
}

/* Each confirmable message gets an answer: libcoap would acknowledge it, and the client wait for more. */
static bool tell_busy(const struct exchange *e, enum serve_verdict verdict) {
    return verdict == SERVE_TELL_BUSY || (verdict == SERVE_TOLD_BUSY && coap_pdu_get_type(e->in) == COAP_MESSAGE_CON);
}

/* false: an error is set, or no code, which is an empty acknowledgement or nothing. */
bool exchange_admit(struct exchange *exchange, double now_ms) {
    const coap_address_t *address = coap_session_get_addr_remote(exchange->session);
    bool dtls = coap_session_get_proto(exchange->session) == COAP_PROTO_DTLS,
         observed = exchange->row && exchange->row->observed;
    unsigned observe = UINT_MAX;
    if (!address || !serve_address_of(&exchange->from, &address->addr.sa)) return false;
    if (exchange->row && exchange->row->picture) exchange_find_block(exchange);
    if (exchange->again) exchange->trusted = exchange->origin.ticket > 0; /* a change was let in when it came */
    if (exchange->again || exchange_notifies(exchange)) return exchange->proved = true;
    exchange->allowed = allowance(exchange);
    if (observed) exchange_option(exchange->in, COAP_OPTION_OBSERVE, &observe);
    if (exchange->follows) return exchange->proved = true; /* as the first block of it was */
    enum serve_verdict verdict = serve_access_judge(&exchange->coap->serve->access, &exchange->from, now_ms);
    if (verdict == SERVE_SILENCE && observe != 0) return false;
    struct serve_known *k = serve_clients_find(&exchange->coap->clients, &exchange->from, now_ms);
    k->client.proved |= dtls || proves(exchange, now_ms);
    exchange->proved = k->client.proved;
    exchange->trusted = dtls || k->client.may_change;
    if (observe == 0) return admit_observe(exchange, verdict);
    if (observe == 1) observe_cancel(exchange->session, exchange->in, coap_resource_get_uri_path(exchange->resource));
    if (tell_busy(exchange, verdict)) exchange_fault(exchange, 429, "");
    if (verdict == SERVE_MAY && !exchange->proved && exchange->costly) {
        exchange_prove(exchange);
        return false;
    }
    return verdict == SERVE_MAY;
}
