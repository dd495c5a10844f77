/* SPDX-License-Identifier: Apache-2.0
 * How much may be observed: libcoap keeps every observation that it is asked for. */
#ifndef SERVE_COAP_OBSERVE_H
#define SERVE_COAP_OBSERVE_H

#include <coap3/coap.h>
#include <stdbool.h>
#include <stdint.h>

enum { OBSERVE_SESSIONS = 2048, OBSERVE_SESSIONS_EACH = 128, OBSERVE_REQUESTS = 8 };

/* What a session observes. One that it ends by a Reset counts on until the session was silent for 5 minutes. */
struct observe_session {
    coap_session_t *session; /* NULL: free */
    size_t count;
    struct observe_request {
        uint64_t hash; /* what was asked before is no new one */
        uint8_t token[8];
        size_t token_size;
    } requests[OBSERVE_REQUESTS];
};

struct observe_sessions {
    struct observe_session sessions[OBSERVE_SESSIONS];
};

/* Counts the request. false: it would be one too many, of this session, of its address (but for loopback) or of all. */
bool observe_admit(struct observe_sessions *all, coap_session_t *session, const coap_pdu_t *request,
                   const coap_str_const_t *path);

/* It is observed no more, if the token is that of the request that began it. */
void observe_cancel(coap_session_t *session, const coap_pdu_t *request, const coap_str_const_t *path);

/* The session ends. */
void observe_forget(coap_session_t *session);

#endif
