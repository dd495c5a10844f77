/* SPDX-License-Identifier: Apache-2.0
 * A CoAP request while it is being answered. Parts of coap_request.c share it. */
#ifndef SERVE_COAP_EXCHANGE_H
#define SERVE_COAP_EXCHANGE_H

#include "serve/coap.h"

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
    NO_FORMAT = -1
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

/* ---- coap_answer.c: answers ---- */

/* false: the message has no such option, and *value stays. */
bool exchange_option(const coap_pdu_t *pdu, coap_option_num_t number, unsigned *value);
void exchange_add_number(coap_pdu_t *pdu, coap_option_num_t number, unsigned value);
/* A notification of what is observed, and no answer. */
bool exchange_notifies(const struct exchange *e);
void exchange_code(struct exchange *e, int code);
/* `code` as 404, `message` may be "". */
void exchange_fault(struct exchange *e, int code, const char *message);
/* 4.01 with an Echo option: the client is to ask again with it. */
void exchange_prove(struct exchange *e);
/* Of frame, version and what was asked for; never 0. */
uint64_t exchange_etag(const struct exchange *e, int format);
/* 2.03 and true, when the client has it already. */
bool exchange_valid(struct exchange *e, uint64_t etag);
/* 2.05 or what the row's method has; `bytes` are copied. etag 0: none. */
void exchange_content(struct exchange *e, int format, uint64_t etag, const void *bytes, size_t size);

/* ---- coap_admit.c: may this client ask? ---- */

/* false: an error is set, or no code, which is an empty acknowledgement or nothing. */
bool exchange_admit(struct exchange *e, double now_ms);

/* ---- coap_picture.c: pictures, which come in blocks (RFC 7959) ---- */

/* What the request tells of its block; before anything is answered. */
void exchange_find_block(struct exchange *e);
/* Of an answer to one. */
void exchange_add_block(struct exchange *e);
/* The picture into e->request.body. false: an answer is set. */
bool exchange_picture(struct exchange *e);

#endif
