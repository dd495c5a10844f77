/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/coap_bodies.h"

#include <stdlib.h>
#include <string.h>

bool bodies_have_space(const struct bodies *all, const struct serve_address *of, size_t size, size_t times) {
    size_t sum = size, its = size;
    for (const struct body *b = all->first; b; b = b->next) {
        sum += b->size;
        if (!memcmp(b->of.ip, of->ip, sizeof of->ip)) its += b->size;
    }
    return sum <= times * BODIES_ALL && (its <= times * BODIES_EACH || serve_address_loopback(of));
}

struct body *bodies_keep(struct bodies *all, const struct serve_address *of, const void *bytes, size_t size) {
    struct body *b = malloc(sizeof *b + size);
    if (!b) return NULL;
    *b = (struct body){.next = all->first, .link = &all->first, .of = *of, .size = size};
    if (b->next) b->next->link = &b->next;
    memcpy(b->bytes, bytes, size);
    return all->first = b;
}

void bodies_release(coap_session_t *session, void *body) {
    struct body *b = body;
    (void)session;
    *b->link = b->next;
    if (b->next) b->next->link = b->link;
    free(b);
}
