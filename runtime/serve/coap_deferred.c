/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/coap_deferred.h"

#include <string.h>

bool deferred_has_space(const struct deferred_requests *all, const coap_pdu_t *request) {
    return all->count < DEFERRED_REQUESTS && coap_pdu_get_token(request).length <= DEFERRED_TOKEN;
}

bool deferred_add(struct deferred_requests *all, coap_session_t *session, const coap_pdu_t *request, uint64_t ticket) {
    coap_bin_const_t token = coap_pdu_get_token(request);
    if (!deferred_has_space(all, request) || !coap_register_async(session, request, 0)) return false;
    struct deferred_request *r = &all->requests[all->count++];
    *r = (struct deferred_request){.session = coap_session_reference(session), .size = token.length, .ticket = ticket};
    if (token.length) memcpy(r->token, token.s, token.length);
    *all->waiting += !ticket;
    return true;
}

static void forget(struct deferred_requests *all, size_t i) {
    *all->waiting -= !all->requests[i].ticket;
    coap_session_release(all->requests[i].session);
    all->requests[i] = all->requests[--all->count];
}

bool deferred_take(struct deferred_requests *all, coap_session_t *session, const coap_pdu_t *request,
                   uint64_t *ticket) {
    coap_bin_const_t token = coap_pdu_get_token(request);
    if (!coap_find_async(session, token)) return false;
    for (size_t i = 0; i < all->count; i++) {
        const struct deferred_request *r = &all->requests[i];
        if (r->session != session || r->size != token.length || (r->size && memcmp(r->token, token.s, r->size)))
            continue;
        *ticket = r->ticket;
        forget(all, i);
        return true;
    }
    return false;
}

void deferred_fire(struct deferred_requests *all, const struct serve *serve, double now_ms) {
    for (size_t i = all->count; i--;) {
        struct deferred_request *r = &all->requests[i];
        if (serve_pending(serve, r->ticket)) continue;
        coap_async_t *waiting = coap_find_async(r->session, (coap_bin_const_t){r->size, r->token});
        bool fired = r->fired_ms > 0;
        if (!waiting || (fired && now_ms - r->fired_ms > 1000)) {
            forget(all, i);
            continue;
        }
        if (!fired) coap_async_set_delay(waiting, 1), r->fired_ms = now_ms;
    }
}

bool deferred_fired(const struct deferred_requests *all) {
    for (size_t i = 0; i < all->count; i++)
        if (all->requests[i].fired_ms > 0) return true;
    return false;
}

void deferred_finish(struct deferred_requests *all) {
    while (all->count) forget(all, all->count - 1);
}
