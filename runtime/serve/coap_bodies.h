/* SPDX-License-Identifier: Apache-2.0
 * Answers that libcoap keeps, for their blocks, until the last one was fetched or for a minute and a half. */
#ifndef SERVE_COAP_BODIES_H
#define SERVE_COAP_BODIES_H

#include "serve/access.h"

#include <coap3/coap.h>

enum { BODIES_ALL = 32 << 20, BODIES_EACH = 8 << 20 }; /* bytes: of all, of one address */

struct body {
    struct body *next, **link; /* link: what points to it */
    struct serve_address of;
    size_t size;
    uint8_t bytes[];
};

/* Zero is empty. */
struct bodies {
    struct body *first;
};

/* Is there room for one more? One host must not take it all; programs on this machine may. `times`: of the bounds. */
bool bodies_have_space(const struct bodies *all, const struct serve_address *of, size_t size, size_t times);

/* A copy; NULL: no memory. */
struct body *bodies_keep(struct bodies *all, const struct serve_address *of, const void *bytes, size_t size);

/* Frees it; for coap_add_data_large_response(). */
void bodies_release(coap_session_t *session, void *body);

#endif
