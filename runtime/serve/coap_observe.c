/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/coap_observe.h"
#include "base/sha256.h"
#include "serve/access.h"

#include <string.h>

/* Sets requests apart as libcoap does: by all options but Observe, ETag, and those that are NoCacheKey (RFC 7252
 * section 5.4.6).
 */
static bool counts(coap_option_num_t number) {
    return number != COAP_OPTION_OBSERVE && number != COAP_OPTION_ETAG && (number & 0x1e) != 0x1c;
}

static bool add(uint8_t *bytes, size_t capacity, size_t *used, const void *more, size_t size) {
    if (size > capacity - *used) return false;
    memcpy(bytes + *used, more, size);
    *used += size;
    return true;
}

/* false: longer than any request. */
static bool hash_of(const coap_pdu_t *request, const coap_str_const_t *path, uint64_t *hash) {
    uint8_t bytes[4096], digest[SHA256_SIZE];
    size_t used = 0;
    coap_opt_iterator_t at;
    coap_opt_t *option;
    bool good = add(bytes, sizeof bytes, &used, path->s, path->length);
    coap_option_iterator_init(request, &at, COAP_OPT_ALL);
    while (good && (option = coap_option_next(&at))) {
        const uint32_t head[] = {at.number, coap_opt_length(option)};
        if (!counts(at.number)) continue;
        good = add(bytes, sizeof bytes, &used, head, sizeof head) &&
               add(bytes, sizeof bytes, &used, coap_opt_value(option), coap_opt_length(option));
    }
    sha256(bytes, used, digest);
    memcpy(hash, digest, sizeof *hash);
    return good;
}

static bool address_of(const coap_session_t *session, struct serve_address *a) {
    const coap_address_t *remote = coap_session_get_addr_remote(session);
    return remote && serve_address_of(a, &remote->addr.sa);
}

static bool its_last(const struct observe_sessions *all, const coap_session_t *session) {
    struct serve_address own, other;
    size_t count = 0;
    if (!address_of(session, &own) || serve_address_loopback(&own)) return false;
    for (int i = 0; i < OBSERVE_SESSIONS; i++)
        if (all->sessions[i].session && address_of(all->sessions[i].session, &other))
            count += !memcmp(own.ip, other.ip, sizeof own.ip);
    return count >= OBSERVE_SESSIONS_EACH;
}

static struct observe_session *begin(struct observe_sessions *all, coap_session_t *session) {
    if (its_last(all, session)) return NULL;
    for (int i = 0; i < OBSERVE_SESSIONS; i++) {
        struct observe_session *s = &all->sessions[i];
        if (s->session) continue;
        *s = (struct observe_session){.session = session};
        coap_session_set_app_data(session, s);
        return s;
    }
    return NULL;
}

static struct observe_request *find(struct observe_session *s, uint64_t hash) {
    for (size_t i = 0; i < s->count; i++)
        if (s->requests[i].hash == hash) return &s->requests[i];
    return NULL;
}

bool observe_admit(struct observe_sessions *all, coap_session_t *session, const coap_pdu_t *request,
                   const coap_str_const_t *path) {
    uint64_t hash;
    struct observe_session *s = coap_session_get_app_data(session);
    if (!hash_of(request, path, &hash) || (!s && !(s = begin(all, session)))) return false;
    struct observe_request *r = find(s, hash);
    coap_bin_const_t token = coap_pdu_get_token(request);
    if (token.length > sizeof r->token || (!r && s->count == OBSERVE_REQUESTS)) return false;
    if (!r) r = &s->requests[s->count++];
    *r = (struct observe_request){.hash = hash, .token_size = token.length};
    if (token.length) memcpy(r->token, token.s, token.length);
    return true;
}

void observe_cancel(coap_session_t *session, const coap_pdu_t *request, const coap_str_const_t *path) {
    uint64_t hash;
    struct observe_session *s = coap_session_get_app_data(session);
    if (!s || !hash_of(request, path, &hash)) return;
    struct observe_request *r = find(s, hash);
    coap_bin_const_t token = coap_pdu_get_token(request);
    bool same = r && token.length == r->token_size && (!token.length || !memcmp(token.s, r->token, token.length));
    if (same) *r = s->requests[--s->count];
}

void observe_forget(coap_session_t *session) {
    struct observe_session *s = coap_session_get_app_data(session);
    if (s) s->session = NULL;
    coap_session_set_app_data(session, NULL);
}
