/* SPDX-License-Identifier: Apache-2.0
 * What is remembered of UDP addresses: whether they proved themselves, whether they watch. */
#ifndef SERVE_CLIENTS_H
#define SERVE_CLIENTS_H

#include "serve/access.h"
#include "serve/request.h"

enum {
    SERVE_CLIENT_SETS = 32,
    SERVE_CLIENT_WAYS = 8,
    SERVE_WATCHERS = 64,
    SERVE_WATCHERS_EACH = 16,
    SERVE_PROVED_MS = 600000
};

struct serve_known {
    struct serve_address address;
    struct sockaddr_storage to; /* where pushes go */
    socklen_t to_size;
    double ms; /* of the last request; 0: free */
    struct serve_client client;
};

struct serve_clients {
    uint8_t secret[16];
    struct serve_known known[SERVE_CLIENT_SETS][SERVE_CLIENT_WAYS];
    struct serve_known passing; /* when there is no room */
};

/* Draws the secret. Errors: DEVICE (no random numbers). */
int serve_clients_init(struct serve_clients *clients);

/* What is known of the address, made new when it is nothing. Stays until the next call. */
struct serve_known *serve_clients_find(struct serve_clients *clients, const struct serve_address *address,
                                       double now_ms);

/* A proof that only a receiver at the address can know: 8 hexadecimal digits that hold for an hour at most. */
void serve_clients_proof(const struct serve_clients *clients, const struct serve_address *address, double now_ms,
                         char proof[9]);

#endif
