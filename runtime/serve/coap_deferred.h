/* SPDX-License-Identifier: Apache-2.0
 * CoAP requests that are answered when a search or a change of the daemon has ended. An empty acknowledgement comes
 * first, the answer as a message of its own (RFC 7252 section 5.2.2). libcoap keeps the request and handles it once
 * more. */
#ifndef SERVE_COAP_DEFERRED_H
#define SERVE_COAP_DEFERRED_H

#include "serve/transport.h"

#include <coap3/coap.h>
#include <stdbool.h>

enum { DEFERRED_REQUESTS = 32, DEFERRED_TOKEN = 8 };

struct deferred_request {
    coap_session_t *session; /* held */
    uint8_t token[DEFERRED_TOKEN];
    size_t size;
    uint64_t ticket; /* of what it waits for; see serve_pending() */
    double fired_ms; /* libcoap is to handle it once more; 0: not yet */
};

/* Zero is empty; `waiting` has to be set. */
struct deferred_requests {
    size_t *waiting; /* of all transports: those here that wait for a search count in it */
    struct deferred_request requests[DEFERRED_REQUESTS];
    size_t count;
};

/* false: no room; or this request is handled once more as it is. */
bool deferred_add(struct deferred_requests *all, coap_session_t *session, const coap_pdu_t *request, uint64_t ticket);

/* Is there room for this one? */
bool deferred_has_space(const struct deferred_requests *all, const coap_pdu_t *request);

/* Did this request wait? Then it does no longer. The rate and the proof were asked for when it came. */
bool deferred_take(struct deferred_requests *all, coap_session_t *session, const coap_pdu_t *request, uint64_t *ticket);

/* All that have their end are handled with libcoap's next turn; those whose session ended before it are forgotten after
 * a second.
 */
void deferred_fire(struct deferred_requests *all, const struct serve *serve, double now_ms);

/* Is one to be handled with libcoap's next turn? */
bool deferred_fired(const struct deferred_requests *all);

/* Forgets them. Before the context goes. */
void deferred_finish(struct deferred_requests *all);

#endif
