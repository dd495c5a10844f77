/* SPDX-License-Identifier: Apache-2.0
 * What the CoAP server and its handler share. */
#ifndef SERVE_COAP_H
#define SERVE_COAP_H

#include "serve/coap_bodies.h"
#include "serve/coap_deferred.h"
#include "serve/coap_observe.h"
#include "serve/coap_uploads.h"
#include "serve/clients.h"
#include "serve/psk.h"
#include "serve/transport.h"

#include <coap3/coap.h>

#ifndef COAP_OPTION_ECHO
#define COAP_OPTION_ECHO 252 /* RFC 9175; libcoap 4.3.0 has no name for it */
#endif
#ifndef COAP_OPTION_RTAG
#define COAP_OPTION_RTAG 292 /* Request-Tag, of the same; likewise */
#endif

enum { COAP_BODY = 1 << 20, COAP_RESOURCES = 16, COAP_IDLE_SESSIONS = 1024, COAP_TOLD_MS = 100, COAP_HANDSHAKES = 256 };

struct serve_coap {
    struct serve *serve;
    coap_context_t *context;
    coap_resource_t *observed[COAP_RESOURCES];
    size_t observed_count;
    uint64_t notified;  /* events that were told of */
    double filtered_ms; /* the access->read_ms that the filters are of; 0: none yet */
    bool told;          /* that the kernel takes none */
    struct serve_clients clients;
    struct observe_sessions observing;
    struct deferred_requests deferred;
    struct uploads uploads;
    struct psk psk;
    coap_bin_const_t psk_key; /* for libcoap, as it copies only later */
    struct bodies bodies;
    const struct serve_row *body_of; /* whose answer the body still is; NULL: nobody's */
    uint64_t body_etag;
    double body_ms;
    size_t body_size;
    char body[COAP_BODY]; /* of the answer in the making */
};

/* A request to any of our resources. */
void serve_coap_handle(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                       const coap_string_t *query, coap_pdu_t *response);

#endif
