/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/coap_later.h"

#include <string.h>

bool later_add(struct later_requests *all, coap_session_t *session, const coap_pdu_t *request) {
    coap_bin_const_t token = coap_pdu_get_token(request);
    if (all->count == LATER_REQUESTS || token.length > LATER_TOKEN || !coap_register_async(session, request, 0)) return false;
    struct later_request *r = &all->requests[all->count++];
    *r = (struct later_request){.session = coap_session_reference(session), .size = token.length};
    if (token.length) memcpy(r->token, token.s, token.length);
    ++*all->waiting;
    return true;
}

static void forget(struct later_requests *all, size_t i) {
    coap_session_release(all->requests[i].session);
    all->requests[i] = all->requests[--all->count];
    --*all->waiting;
}

bool later_take(struct later_requests *all, coap_session_t *session, const coap_pdu_t *request) {
    coap_bin_const_t token = coap_pdu_get_token(request);
    if (!coap_find_async(session, token)) return false;
    for (size_t i = 0; i < all->count; i++) {
        const struct later_request *r = &all->requests[i];
        if (r->session != session || r->size != token.length || (r->size && memcmp(r->token, token.s, r->size))) continue;
        forget(all, i);
        return true;
    }
    return false;
}

void later_fire(struct later_requests *all, double now_ms) {
    for (size_t i = all->count; i--;) {
        struct later_request *r = &all->requests[i];
        coap_async_t *waiting = coap_find_async(r->session, (coap_bin_const_t){r->size, r->token});
        bool fired = r->fired_ms > 0;
        if (!waiting || (fired && now_ms - r->fired_ms > 1000)) {
            forget(all, i);
            continue;
        }
        if (!fired) coap_async_set_delay(waiting, 1), r->fired_ms = now_ms;
    }
}

void later_finish(struct later_requests *all) {
    while (all->count) forget(all, all->count - 1);
}
