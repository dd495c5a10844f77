/* SPDX-License-Identifier: Apache-2.0
 * A CoAP request as a row of the table sees it, and its answer as CoAP wants it. */
#include "base/clock.h"
#include "serve/coap.h"
#include "serve/code.h"
#include "serve/crc.h"
#include "serve/arguments.h"
#include "text/unicode.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Content-Formats: RFC 7252 section 12.3, RFC 7049, RFC 8428 section 12.1. */
enum {
    PLAIN = 0,
    LINKS = 40,
    GIF = 21,
    JPEG = 22,
    PNG = 23,
    OCTETS = 42,
    JSON = 50,
    CBOR = 60,
    SENML_JSON = 110,
    SENML_CBOR = 112,
    NONE = -1
};

struct exchange {
    struct serve_coap *coap;
    coap_resource_t *resource;
    coap_session_t *session;
    const coap_pdu_t *in;
    coap_pdu_t *out;
    const coap_string_t *query;
    const struct serve_row *row; /* NULL: not of the table */
    struct serve_request request;
    struct serve_address from;
    struct serve_origin origin;
    bool trusted;              /* DTLS, loopback */
    bool proved;               /* it receives what is sent to it */
    bool costly;               /* for who has proved that only */
    bool again;                /* it waited for a search or a change */
    size_t allowed;            /* bytes of an answer, when not proved */
    struct upload_block block; /* of a picture */
    bool blocks, follows;      /* it comes in blocks; this one goes on with one that is there */
    struct upload *upload;     /* that is whole now; NULL: it is no such */
    const char *arguments[SERVE_ARGUMENTS];
    char text[2 * SERVE_LINE + SERVE_ARGUMENTS];
    size_t used;
};

static bool option_number(const coap_pdu_t *pdu, coap_option_num_t number, unsigned *value) {
    coap_opt_iterator_t at;
    coap_opt_t *option = coap_check_option(pdu, number, &at);
    if (option) *value = coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
    return option;
}

/* ---- answers ---- */

static void add_number(coap_pdu_t *pdu, coap_option_num_t number, unsigned value) {
    uint8_t bytes[4];
    coap_add_option(pdu, number, coap_encode_var_safe(bytes, sizeof bytes, value), bytes);
}

static void answer_code(struct exchange *e, int code) {
    coap_pdu_set_code(e->out, (coap_pdu_code_t)COAP_RESPONSE_CODE(code));
}

/* Diagnostic payload: RFC 7252 section 5.5.2. */
static void answer_fault(struct exchange *e, int code, const char *message) {
    size_t size = unicode_check(message, strlen(message)); /* a name may have been cut within a letter */
    answer_code(e, code);
    if (code == 429 || code == 503) add_number(e->out, COAP_OPTION_MAXAGE, 1); /* RFC 8516: when to ask again */
    if (size && (e->proved || size + 16 <= e->allowed)) coap_add_data(e->out, size, (const uint8_t *)message);
}

/* RFC 9175 section 2.3: say it again with this. */
static void answer_prove(struct exchange *e) {
    char proof[9];
    serve_clients_proof(&e->coap->clients, &e->from, clock_ms(), proof);
    answer_code(e, 401);
    coap_add_option(e->out, COAP_OPTION_ECHO, 8, (const uint8_t *)proof);
}

/* libcoap asks for a notification as if it were the request, which was admitted. One that was asked for by NON looks
 * like an answer, and is judged like one. */
static bool is_notification(const struct exchange *e) {
    coap_pdu_type_t out = coap_pdu_get_type(e->out);
    return out == COAP_MESSAGE_CON || (out == COAP_MESSAGE_NON && coap_pdu_get_type(e->in) == COAP_MESSAGE_CON);
}

/* Changes with all that the answer is made of: frame, version and reading. Never 0, which is none. */
static uint64_t etag_of(const struct exchange *e, int format) {
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
static bool answer_valid(struct exchange *e, uint64_t etag) {
    if (!etag || !has_etag(e, etag)) return false;
    answer_code(e, 203);
    add_etag(e->out, etag);
    return true;
}

/* An error would end an observation, and of a change tell that it was not made. */
static bool has_space(const struct exchange *e, size_t size) {
    return (e->row && e->row->changes) ||
           bodies_have_space(&e->coap->bodies, &e->from, size, is_notification(e) ? 2 : 1);
}

/* Content is of GET and FETCH alone: RFC 7252 section 5.9.1. */
static int success_of(const struct serve_row *row) {
    if (!row || row->method == SERVE_GET || row->method == SERVE_FETCH) return 205;
    return row->method == SERVE_DELETE ? 202 : 204;
}

/* etag 0: none. libcoap adds it to blocks, and to nothing else. */
static void answer_content(struct exchange *exchange, int format, uint64_t etag, const void *bytes, size_t size) {
    unsigned block;
    bool blocks = size > 1024 || option_number(exchange->in, COAP_OPTION_BLOCK2, &block);
    if (!exchange->proved && (size < 1024 ? size : 1024) + 24 > exchange->allowed) {
        answer_prove(exchange);
        return;
    }
    if (answer_valid(exchange, etag)) return;
    struct body *body = !blocks || has_space(exchange, size)
                            ? bodies_keep(&exchange->coap->bodies, &exchange->from, bytes, size)
                            : NULL;
    if (!body) {
        answer_fault(exchange, 503, "too many answers in blocks are under way");
        return;
    }
    answer_code(exchange, success_of(exchange->row));
    if (etag && !blocks) add_etag(exchange->out, etag);
    coap_add_data_large_response(
        exchange->resource, exchange->session, exchange->in, exchange->out, exchange->row ? exchange->query : NULL,
        (uint16_t)format, exchange->row || etag ? 0 : -1, blocks ? etag : 0, size, body->bytes, bodies_release, body);
}

/* ---- requests ---- */

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

/* ---- pictures, which come in blocks ---- */

enum { BLOCK_MORE = 8, BLOCK_SIZE = 7 /* bits of the option */ };

static size_t sum_of_option(const coap_pdu_t *in, coap_option_num_t number, uint64_t *sum) {
    coap_opt_iterator_t at;
    coap_opt_t *option = coap_check_option(in, number, &at);
    if (option) *sum = serve_number_of(*sum, coap_opt_value(option), coap_opt_length(option));
    return option ? coap_opt_length(option) : 0;
}

/* Two of one client are told apart by their queries and Request-Tags (RFC 9175 section 3). */
static void find_block(struct exchange *e) {
    unsigned block = 0, total = 0;
    struct upload_block *b = &e->block;
    coap_get_data(e->in, &b->size, &b->bytes);
    e->blocks = option_number(e->in, COAP_OPTION_BLOCK1, &block) && (block >> 4 || block & BLOCK_MORE);
    option_number(e->in, COAP_OPTION_SIZE1, &total);
    b->of = e->from;
    b->key = serve_number_of(SERVE_NUMBER, &e->row, sizeof e->row);
    if (e->query && e->query->length) b->key = serve_number_of(b->key, e->query->s, e->query->length);
    sum_of_option(e->in, COAP_OPTION_RTAG, &b->key);
    b->more = block & BLOCK_MORE, b->offset = (size_t)(block >> 4) << ((block & BLOCK_SIZE) + 4);
    b->total = total, b->most = SERVE_PICTURE;
    e->follows = e->blocks && uploads_follows(&e->coap->uploads, b);
}

static void add_block(struct exchange *e) {
    coap_opt_iterator_t at;
    unsigned block = 0;
    option_number(e->in, COAP_OPTION_BLOCK1, &block);
    if (!coap_check_option(e->out, COAP_OPTION_BLOCK1, &at)) /* libcoap has added it, where it follows the blocks too */
        add_number(e->out, COAP_OPTION_BLOCK1, block);
}

/* false: an answer is set. */
static bool put_block(struct exchange *e) {
    unsigned block = 0;
    option_number(e->in, COAP_OPTION_BLOCK1, &block);
    size_t whole = (size_t)16 << (block & BLOCK_SIZE);
    if ((block & BLOCK_SIZE) == BLOCK_SIZE || e->block.size > whole || (e->block.more && e->block.size != whole)) {
        answer_fault(e, 400, "a block has not the size that it tells");
        return false;
    }
    switch (uploads_put(&e->coap->uploads, &e->block, e->request.now_ms, &e->upload)) {
    case UPLOAD_MORE: answer_code(e, 231), add_block(e); break;
    case UPLOAD_GAP: answer_fault(e, 408, "a block before this one is missing: begin again"); break;
    case UPLOAD_BUSY: answer_fault(e, 503, "others send pictures: ask again in a second"); break;
    case UPLOAD_LONG: answer_fault(e, 413, "a picture is at most 4 MiB"); break;
    case UPLOAD_WHOLE: e->request.body = e->upload->bytes, e->request.body_size = e->upload->size; return true;
    }
    return false;
}

/* false: an answer is set. */
static bool take_picture(struct exchange *e) {
    unsigned format = OCTETS;
    option_number(e->in, COAP_OPTION_CONTENT_FORMAT, &format);
    if (format != OCTETS && format != JPEG && format != PNG && format != GIF) {
        answer_fault(e, 415, "a picture is image/jpeg, image/png, image/gif, or has no format");
        return false;
    }
    if (e->blocks) return put_block(e);
    e->request.body = e->block.bytes, e->request.body_size = e->block.size;
    return true;
}

/* No other request has a body over one message: RFC 7959 section 2.9.3. */
static int check_body(const struct exchange *e) {
    unsigned block, format = PLAIN;
    const uint8_t *body;
    size_t size = 0;
    if (option_number(e->in, COAP_OPTION_BLOCK1, &block) && block >> 3) return 413;
    coap_get_data(e->in, &size, &body);
    if (size > SERVE_LINE) return 413;
    return size && option_number(e->in, COAP_OPTION_CONTENT_FORMAT, &format) && format != PLAIN ? 415 : 0;
}

static int choose_format(const struct exchange *e) {
    unsigned accept = JSON;
    if (!option_number(e->in, COAP_OPTION_ACCEPT, &accept)) return JSON;
    if (accept == JSON || accept == CBOR) return (int)accept;
    return e->row->senml && (accept == SENML_JSON || accept == SENML_CBOR) ? (int)accept : NONE;
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
    bool same = e->row->observed && c->body_of == e->row && c->body_etag == etag_of(e, format) &&
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
    c->body_of = e->row, c->body_etag = etag_of(e, format), c->body_ms = e->request.now_ms, c->body_size = out->used;
    return SERVE_OK;
}

static void fault_of(struct exchange *e, enum serve_code code) {
    const char *message = e->request.message;
    if (code == SERVE_UTF8 && !*message) message = "not UTF-8, or a control character";
    if (code == SERVE_LONG && !*message) message = "too long, or too many lines";
    answer_fault(e, serve_code_coap(code), message);
}

static void answer_row(struct exchange *exchange) {
    struct serve_request *r = &exchange->request;
    struct serve_out out = {.bytes = exchange->coap->body, .capacity = COAP_BODY};
    const char *from = NULL;
    int format = choose_format(exchange), fault = exchange->row->changes ? check_body(exchange) : 0;
    if (exchange->row->changes && !exchange->trusted) fault = 403;
    if (fault || format == NONE) {
        answer_fault(exchange, fault ? fault : 406, fault == 403 ? SERVE_DENIAL : "");
        return;
    }
    if (exchange->row->picture && !take_picture(exchange)) return;
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
    if (exchange->blocks) add_block(exchange);
    if (code) {
        fault_of(exchange, code == SERVE_DEFERRED ? SERVE_BUSY : code);
        return;
    }
    answer_content(exchange, format, exchange->row->tagged ? etag_of(exchange, format) : 0, out.bytes, out.used);
}

/* What is not of the table has one format. */
static bool accepted(struct exchange *e, unsigned format) {
    unsigned accept = format;
    option_number(e->in, COAP_OPTION_ACCEPT, &accept);
    if (accept != format) answer_fault(e, 406, "");
    return accept == format;
}

/* The ETag first: a JPEG is made for who needs it. */
static void answer_frame(struct exchange *e) {
    const struct serve_callbacks *b = &e->coap->serve->callbacks;
    const uint8_t *jpeg;
    size_t size;
    if (!accepted(e, JPEG) || answer_valid(e, etag_of(e, JPEG))) return;
    if (e->query && e->query->length)
        answer_fault(e, 400, "no such query here");
    else if (!b->frame)
        answer_fault(e, 501, "pictures are not given out here");
    else if (!b->frame(b->user, &jpeg, &size))
        answer_fault(e, 404, "no frame to show");
    else
        answer_content(e, JPEG, etag_of(e, JPEG), jpeg, size);
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
    answer_content(e, LINKS, 0, links, used);
}

/* ---- the client ---- */

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
        answer_fault(e, 429, "");
    else if (!e->proved)
        answer_prove(e);
    else if (!observe_admit(&e->coap->observing, e->session, e->in, coap_resource_get_uri_path(e->resource)))
        answer_fault(e, 503, "too much is observed already");
    else
        return true;
    return false;
}

/* Each confirmable message gets an answer: libcoap would acknowledge it, and the client wait for more. */
static bool tell_busy(const struct exchange *e, enum serve_verdict verdict) {
    return verdict == SERVE_TELL_BUSY || (verdict == SERVE_TOLD_BUSY && coap_pdu_get_type(e->in) == COAP_MESSAGE_CON);
}

/* false: an error is set, or no code, which is an empty acknowledgement or nothing. */
static bool admit(struct exchange *exchange, double now_ms) {
    const coap_address_t *address = coap_session_get_addr_remote(exchange->session);
    bool dtls = coap_session_get_proto(exchange->session) == COAP_PROTO_DTLS,
         observed = exchange->row && exchange->row->observed;
    unsigned observe = UINT_MAX;
    if (!address || !serve_address_of(&exchange->from, &address->addr.sa)) return false;
    if (exchange->row && exchange->row->picture) find_block(exchange);
    if (exchange->again) exchange->trusted = exchange->origin.ticket > 0; /* a change was let in when it came */
    if (exchange->again || is_notification(exchange)) return exchange->proved = true;
    exchange->allowed = allowance(exchange);
    if (observed) option_number(exchange->in, COAP_OPTION_OBSERVE, &observe);
    if (exchange->follows) return exchange->proved = true; /* as the first block of it was */
    enum serve_verdict verdict = serve_access_judge(&exchange->coap->serve->access, &exchange->from, now_ms);
    if (verdict == SERVE_SILENCE && observe != 0) return false;
    struct serve_known *k = serve_clients_find(&exchange->coap->clients, &exchange->from, now_ms);
    k->client.proved |= dtls || proves(exchange, now_ms);
    exchange->proved = k->client.proved;
    exchange->trusted = dtls || k->client.may_change;
    if (observe == 0) return admit_observe(exchange, verdict);
    if (observe == 1) observe_cancel(exchange->session, exchange->in, coap_resource_get_uri_path(exchange->resource));
    if (tell_busy(exchange, verdict)) answer_fault(exchange, 429, "");
    if (verdict == SERVE_MAY && !exchange->proved && exchange->costly) {
        answer_prove(exchange);
        return false;
    }
    return verdict == SERVE_MAY;
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
    if (!admit(&e, now_ms)) return;
    identify(&e);
    e.request.origin = &e.origin;
    if (conditional(in)) {
        answer_fault(&e, 402, "If-Match and If-None-Match are not known here");
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
