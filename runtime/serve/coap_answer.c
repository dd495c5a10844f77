/* SPDX-License-Identifier: Apache-2.0
 * Answers as CoAP wants them. */
#include "base/clock.h"
#include "serve/coap_exchange.h"
#include "text/unicode.h"

#include <string.h>

bool exchange_option(const coap_pdu_t *pdu, coap_option_num_t number, unsigned *value) {
    coap_opt_iterator_t at;
    coap_opt_t *option = coap_check_option(pdu, number, &at);
    if (option) *value = coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
    return option;
}

void exchange_add_number(coap_pdu_t *pdu, coap_option_num_t number, unsigned value) {
    uint8_t bytes[4];
    coap_add_option(pdu, number, coap_encode_var_safe(bytes, sizeof bytes, value), bytes);
}

void exchange_code(struct exchange *e, int code) {
    coap_pdu_set_code(e->out, (coap_pdu_code_t)COAP_RESPONSE_CODE(code));
}

/* Diagnostic payload: RFC 7252 section 5.5.2. */
void exchange_fault(struct exchange *e, int code, const char *message) {
    size_t size = unicode_check(message, strlen(message)); /* a name may have been cut within a letter */
    exchange_code(e, code);
    if (code == 429 || code == 503)
        exchange_add_number(e->out, COAP_OPTION_MAXAGE, 1); /* RFC 8516: when to ask again */
    if (size && (e->proved || size + 16 <= e->allowed)) coap_add_data(e->out, size, (const uint8_t *)message);
}

/* RFC 9175 section 2.3: say it again with this. */
void exchange_prove(struct exchange *e) {
    char proof[9];
    serve_clients_proof(&e->coap->clients, &e->from, clock_ms(), proof);
    exchange_code(e, 401);
    coap_add_option(e->out, COAP_OPTION_ECHO, 8, (const uint8_t *)proof);
}

/* libcoap asks for a notification as if it were the request, which was admitted. One that was asked for by NON looks
 * like an answer, and is judged like one. */
bool exchange_notifies(const struct exchange *e) {
    coap_pdu_type_t out = coap_pdu_get_type(e->out);
    return out == COAP_MESSAGE_CON || (out == COAP_MESSAGE_NON && coap_pdu_get_type(e->in) == COAP_MESSAGE_CON);
}

/* Changes with all that the answer is made of: frame, version and reading. Never 0, which is none. */
uint64_t exchange_etag(const struct exchange *e, int format) {
    const struct serve_view *v = &e->request.view;
    const uint64_t parts[] = {v->seq, v->version, e->coap->serve->context.events.count, (uint64_t)format,
                              e->request.from};
    bool prompts = e->row && e->row->answer == serve_prompts;
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = prompts ? 1 : 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!prompts || i != 2) hash = (hash ^ parts[i]) * 0x100000001b3;
    for (size_t i = 0; i < e->request.count; i++)
        for (const char *c = e->request.arguments[i]; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
    return hash | 1;
}

static bool has_etag(const struct exchange *e, uint64_t etag) {
    coap_opt_iterator_t at;
    coap_opt_filter_t filter;
    coap_opt_t *option;
    uint8_t bytes[8];
    size_t size = coap_encode_var_safe8(bytes, sizeof bytes, etag);
    coap_option_filter_clear(&filter);
    coap_option_filter_set(&filter, COAP_OPTION_ETAG);
    coap_option_iterator_init(e->in, &at, &filter);
    while ((option = coap_option_next(&at)))
        if (coap_opt_length(option) == size && !memcmp(coap_opt_value(option), bytes, size)) return true;
    return false;
}

static void add_etag(coap_pdu_t *pdu, uint64_t etag) {
    uint8_t bytes[8];
    coap_add_option(pdu, COAP_OPTION_ETAG, coap_encode_var_safe8(bytes, sizeof bytes, etag), bytes);
}

/* 2.03, when the client has it already. */
bool exchange_valid(struct exchange *e, uint64_t etag) {
    if (!etag || !has_etag(e, etag)) return false;
    exchange_code(e, 203);
    add_etag(e->out, etag);
    return true;
}

/* An error would end an observation, and of a change tell that it was not made. */
static bool has_space(const struct exchange *e, size_t size) {
    return (e->row && e->row->changes) ||
           bodies_have_space(&e->coap->bodies, &e->from, size, exchange_notifies(e) ? 2 : 1);
}

/* Content is of GET and FETCH alone: RFC 7252 section 5.9.1. */
static int success_of(const struct serve_row *row) {
    if (!row || row->method == SERVE_GET || row->method == SERVE_FETCH) return 205;
    return row->method == SERVE_DELETE ? 202 : 204;
}

/* etag 0: none. libcoap adds it to blocks, and to nothing else. */
void exchange_content(struct exchange *exchange, int format, uint64_t etag, const void *bytes, size_t size) {
    unsigned block;
    bool blocks = size > 1024 || exchange_option(exchange->in, COAP_OPTION_BLOCK2, &block);
    if (!exchange->proved && (size < 1024 ? size : 1024) + 24 > exchange->allowed) {
        exchange_prove(exchange);
        return;
    }
    if (exchange_valid(exchange, etag)) return;
    struct body *body = !blocks || has_space(exchange, size)
                            ? bodies_keep(&exchange->coap->bodies, &exchange->from, bytes, size)
                            : NULL;
    if (!body) {
        exchange_fault(exchange, 503, "too many answers in blocks are under way");
        return;
    }
    exchange_code(exchange, success_of(exchange->row));
    if (etag && !blocks) add_etag(exchange->out, etag);
    coap_add_data_large_response(
        exchange->resource, exchange->session, exchange->in, exchange->out, exchange->row ? exchange->query : NULL,
        (uint16_t)format, exchange->row || etag ? 0 : -1, blocks ? etag : 0, size, body->bytes, bodies_release, body);
}
