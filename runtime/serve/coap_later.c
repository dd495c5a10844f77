/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/coap_later.h"

#include <string.h>

bool later_add(struct later_requests *all, coap_session_t *session, const coap_pdu_t *request) {
    coap_bin_const_t token = coap_pdu_get_token(request);
    if (all->count == LATER_REQUESTS || token.length > LATER_TOKEN || !coap_register_async(session, request, 0)) return false;
    struct later_request *r = &all->requests[all->count++];
    *r = (struct later_request){.session = coap_session_reference(session), .size = token.length};
    if (token.length) memcpy(r->token, token.s, token.length);
    return true;
}

bool later_is(coap_session_t *session, const coap_pdu_t *request) {
    return coap_find_async(session, coap_pdu_get_token(request)) != NULL;
}

void later_fire(struct later_requests *all) {
    for (size_t i = 0; i < all->count; i++) {
        const struct later_request *r = &all->requests[i];
        coap_async_t *waiting = coap_find_async(r->session, (coap_bin_const_t){r->size, r->token});
        if (waiting) coap_async_set_delay(waiting, 1);
        coap_session_release(r->session);
    }
    all->count = 0;
}

void later_finish(struct later_requests *all) {
    for (size_t i = 0; i < all->count; i++) coap_session_release(all->requests[i].session);
    all->count = 0;
}
