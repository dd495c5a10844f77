/* SPDX-License-Identifier: Apache-2.0
 * A CoAP request as a row of the table sees it. */
#include "base/clock.h"
#include "serve/arguments.h"
#include "serve/coap_exchange.h"
#include "serve/code.h"
#include "serve/crc.h"

#include <stdio.h>
#include <string.h>

/* "": out of room, or not text. */
static const char *keep(struct exchange *e, const void *bytes, size_t size, enum serve_code *code) {
    char *to = e->text + e->used;
    if (serve_arguments_check(bytes, size)) *code = SERVE_UTF8;
    if (size + 1 > sizeof e->text - e->used) *code = SERVE_LONG;
    if (*code) return "";
    memcpy(to, bytes, size);
    to[size] = 0;
    e->used += size + 1;
    return to;
}

static void add_word(struct exchange *e, const char *word, enum serve_code *code) {
    if (e->request.count == SERVE_ARGUMENTS) *code = SERVE_LONG;
    if (!*code) e->arguments[e->request.count++] = word;
}

/* NAME=VALUE of Uri-Query: the row's own becomes a word, `from` two. */
static enum serve_code take_query(struct exchange *exchange, const char *name, const char **from) {
    coap_opt_iterator_t at;
    coap_opt_filter_t filter;
    coap_opt_t *option;
    enum serve_code code = SERVE_OK;
    size_t length = strlen(name);
    coap_option_filter_clear(&filter);
    coap_option_filter_set(&filter, COAP_OPTION_URI_QUERY);
    coap_option_iterator_init(exchange->in, &at, &filter);
    while ((option = coap_option_next(&at)) && !code) {
        const char *value = (const char *)coap_opt_value(option);
        size_t size = coap_opt_length(option);
        if (length && size > length && value[length] == '=' && !memcmp(value, name, length))
            add_word(exchange, keep(exchange, value + length + 1, size - length - 1, &code), &code);
        else if (exchange->row->pages && size > 5 && !memcmp(value, "from=", 5))
            *from = keep(exchange, value + 5, size - 5, &code);
        else
            return serve_refuse(&exchange->request, SERVE_USAGE, "no such query here");
    }
    return code;
}

/* A VALUE a line. */
static enum serve_code take_body(struct exchange *e) {
    const uint8_t *body;
    size_t size = 0;
    enum serve_code code = SERVE_OK;
    coap_get_data(e->in, &size, &body);
    for (size_t i = 0, length; i < size && !code; i += length + 1) {
        const uint8_t *end = memchr(body + i, '\n', size - i);
        length = end ? (size_t)(end - body) - i : size - i;
        size_t text = length && body[i + length - 1] == '\r' ? length - 1 : length;
        if (text) add_word(e, keep(e, body + i, text, &code), &code);
    }
    return code;
}

/* No other request has a body over one message: RFC 7959 section 2.9.3. */
static int check_body(const struct exchange *e) {
    unsigned block, format = PLAIN;
    const uint8_t *body;
    size_t size = 0;
    if (exchange_option(e->in, COAP_OPTION_BLOCK1, &block) && block >> 3) return 413;
    coap_get_data(e->in, &size, &body);
    if (size > SERVE_LINE) return 413;
    return size && exchange_option(e->in, COAP_OPTION_CONTENT_FORMAT, &format) && format != PLAIN ? 415 : 0;
}

static int choose_format(const struct exchange *e) {
    unsigned accept = JSON;
    if (!exchange_option(e->in, COAP_OPTION_ACCEPT, &accept)) return JSON;
    if (accept == JSON || accept == CBOR) return (int)accept;
    return e->row->senml && (accept == SENML_JSON || accept == SENML_CBOR) ? (int)accept : NO_FORMAT;
}

static enum serve_code write_answer(struct exchange *e, int format, struct serve_out *out) {
    struct serve_request *r = &e->request;
    bool senml = format == SENML_JSON || format == SENML_CBOR;
    out->format = format == CBOR || format == SENML_CBOR ? SERVE_CBOR : SERVE_JSON;
    serve_out_begin(out, NULL, senml ? '[' : '{');
    if (!senml && !e->row->changes) serve_request_head(r, out);
    enum serve_code code = senml ? e->row->senml(r, out) : e->row->answer(r, out);
    serve_out_end(out, senml ? ']' : '}');
    if (!code && out->full) return serve_refuse(r, SERVE_FAILED, "over 1 MiB");
    return code;
}

/* A change goes to all observers, one after the other. With many tags each answer would take long to write, so the one
 * of a moment ago is sent again. */
static bool tell_again(const struct exchange *e, int format, struct serve_out *out) {
    const struct serve_coap *c = e->coap;
    bool same = e->row->observed && c->body_of == e->row && c->body_etag == exchange_etag(e, format) &&
                e->request.now_ms - c->body_ms < COAP_TOLD_MS;
    if (same) out->used = c->body_size;
    return same;
}

static enum serve_code tell(struct exchange *e, int format, struct serve_out *out) {
    struct serve_coap *c = e->coap;
    if (tell_again(e, format, out)) return SERVE_OK;
    c->body_of = NULL;
    enum serve_code code = write_answer(e, format, out);
    if (code || !e->row->observed) return code;
    c->body_of = e->row, c->body_etag = exchange_etag(e, format), c->body_ms = e->request.now_ms,
    c->body_size = out->used;
    return SERVE_OK;
}

static void fault_of(struct exchange *e, enum serve_code code) {
    const char *message = e->request.message;
    if (code == SERVE_UTF8 && !*message) message = "not UTF-8, or a control character";
    if (code == SERVE_LONG && !*message) message = "too long, or too many lines";
    exchange_fault(e, serve_code_coap(code), message);
}

static void answer_row(struct exchange *exchange) {
    struct serve_request *r = &exchange->request;
    struct serve_out out = {.bytes = exchange->coap->body, .capacity = COAP_BODY};
    const char *from = NULL;
    int format = choose_format(exchange), fault = exchange->row->changes ? check_body(exchange) : 0;
    if (exchange->row->changes && !exchange->trusted) fault = 403;
    if (fault || format == NO_FORMAT) {
        exchange_fault(exchange, fault ? fault : 406, fault == 403 ? SERVE_DENIAL : "");
        return;
    }
    if (exchange->row->picture && !exchange_picture(exchange)) return;
    enum serve_code code = take_query(exchange, exchange->row->query ? exchange->row->query : "", &from);
    if (!code && exchange->row->changes && !r->count) code = serve_refuse(r, SERVE_USAGE, "say which: ?tag=NAME");
    if (!code && exchange->row->changes) code = take_body(exchange);
    if (from) add_word(exchange, "from", &code), add_word(exchange, from, &code);
    if (!code) code = serve_request_check(exchange->row, r);
    if (!code) code = tell(exchange, format, &out);
    if (code == SERVE_DEFERRED &&
        deferred_add(&exchange->coap->deferred, exchange->session, exchange->in, exchange->origin.ticket))
        return;
    if (exchange->upload) exchange->upload->answered = true;
    if (exchange->blocks) exchange_add_block(exchange);
    if (code) {
        fault_of(exchange, code == SERVE_DEFERRED ? SERVE_BUSY : code);
        return;
    }
    exchange_content(exchange, format, exchange->row->tagged ? exchange_etag(exchange, format) : 0, out.bytes,
                     out.used);
}

/* What is not of the table has one format. */
static bool accepted(struct exchange *e, unsigned format) {
    unsigned accept = format;
    exchange_option(e->in, COAP_OPTION_ACCEPT, &accept);
    if (accept != format) exchange_fault(e, 406, "");
    return accept == format;
}

/* The ETag first: a JPEG is made for who needs it. */
static void answer_frame(struct exchange *e) {
    const struct serve_callbacks *b = &e->coap->serve->callbacks;
    const uint8_t *jpeg;
    size_t size;
    if (!accepted(e, JPEG) || exchange_valid(e, exchange_etag(e, JPEG))) return;
    if (e->query && e->query->length)
        exchange_fault(e, 400, "no such query here");
    else if (!b->frame)
        exchange_fault(e, 501, "pictures are not given out here");
    else if (!b->frame(b->user, &jpeg, &size))
        exchange_fault(e, 404, "no frame to show");
    else
        exchange_content(e, JPEG, exchange_etag(e, JPEG), jpeg, size);
}

/* RFC 6690; a query, which would filter them, may be ignored: section 4.1. */
static void answer_links(struct exchange *e) {
    char links[1024];
    size_t used = 0;
    if (!accepted(e, LINKS)) return;
    for (size_t i = 0; i < serve_row_count && used < sizeof links - 200; i++) {
        const struct serve_row *row = &serve_rows[i];
        if (!row->path || row->method != SERVE_GET) continue;
        used += (size_t)snprintf(links + used, sizeof links - used, "</%s>;rt=\"ocelli.%s\";ct=\"50 60%s\"%s,",
                                 row->path, row->path, row->senml ? " 110 112" : "", row->observed ? ";obs" : "");
    }
    used += (size_t)snprintf(links + used, sizeof links - used, "</frame>;rt=\"ocelli.frame\";ct=22");
    exchange_content(e, LINKS, 0, links, used);
}

/* The same message comes again when its answer was lost. */
static void identify(struct exchange *e) {
    int numbers[] = {coap_pdu_get_mid(e->in), coap_pdu_get_code(e->in)};
    coap_bin_const_t token = coap_pdu_get_token(e->in);
    const uint8_t *body;
    size_t size = 0;
    coap_get_data(e->in, &size, &body);
    uint64_t request = serve_number_of(SERVE_NUMBER, numbers, sizeof numbers);
    if (token.length) request = serve_number_of(request, token.s, token.length);
    if (e->query && e->query->length) request = serve_number_of(request, e->query->s, e->query->length);
    if (size) request = serve_number_of(request, body, size);
    e->origin.client = serve_number_of(SERVE_NUMBER, &e->from, sizeof e->from);
    e->origin.request = request, e->origin.named = true;
    e->origin.may_wait = deferred_has_space(&e->coap->deferred, e->in);
}

/* Critical options that libcoap knows, and leaves to us. */
static bool conditional(const coap_pdu_t *in) {
    coap_opt_iterator_t at;
    return coap_check_option(in, COAP_OPTION_IF_MATCH, &at) || coap_check_option(in, COAP_OPTION_IF_NONE_MATCH, &at);
}

void serve_coap_handle(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *in,
                       const coap_string_t *query, coap_pdu_t *out) {
    struct serve_coap *c = coap_resource_get_userdata(resource);
    const coap_str_const_t *path = coap_resource_get_uri_path(resource);
    double now_ms = clock_ms();
    char name[32];
    struct exchange e = {.coap = c, .resource = resource, .session = session, .in = in, .out = out, .query = query};
    e.request = (struct serve_request){.callbacks = &c->serve->callbacks,
                                       .events = &c->serve->context.events,
                                       .order = &c->serve->context.order,
                                       .now_ms = now_ms,
                                       .arguments = e.arguments};
    snprintf(name, sizeof name, "%.*s", (int)path->length, (const char *)path->s);
    e.row = e.request.row = serve_row_of_path(name, (enum serve_method)coap_pdu_get_code(in));
    e.costly = e.row ? e.row->costly : !strcmp(name, "frame");
    e.again = deferred_take(&c->deferred, session, in, &e.origin.ticket);
    e.request.others = c->serve->context.waiting > 0;
    if (!exchange_admit(&e, now_ms)) return;
    identify(&e);
    e.request.origin = &e.origin;
    if (conditional(in)) {
        exchange_fault(&e, 402, "If-Match and If-None-Match are not known here");
        return;
    }
    if (e.row)
        serve_request_find(&e.request);
    else
        c->serve->callbacks.view(c->serve->callbacks.user, &e.request.view);
    if (e.row)
        answer_row(&e);
    else if (!strcmp(name, "frame"))
        answer_frame(&e);
    else
        answer_links(&e);
}
