/* SPDX-License-Identifier: Apache-2.0
 * A way in and out: a row in serve.c. */
#ifndef SERVE_TRANSPORT_H
#define SERVE_TRANSPORT_H

#include "serve/line.h"
#include "serve/serve.h"

#include <poll.h>

enum { SERVE_FDS = 16 }; /* of all transports, and the one that wakes */

struct serve_transport {
    const char *name;
    /* *self stays NULL when the params do not ask for it. */
    int (*open)(struct serve *serve, const struct serve_params *params, void **self);
    /* Adds what is to be waited for (of SERVE_FDS), may lower the time to wait, and gives how many. */
    size_t (*wait)(void *self, struct pollfd *fds, int *timeout_ms);
    /* After waiting: reads, answers, pushes. */
    void (*step)(void *self, const struct pollfd *fds, size_t count, double now_ms);
    /* Sets *self to NULL. */
    void (*close)(void **self);
    /* As serve_drop_output(); NULL: nothing to do. */
    void (*drop_output)(void *self);
};

/* It waits no longer than this. */
static inline void serve_wait_most(int *timeout_ms, int most_ms) {
    if (*timeout_ms < 0 || *timeout_ms > most_ms) *timeout_ms = most_ms;
}

extern const struct serve_transport serve_transport_udp, serve_transport_serial, serve_transport_coap,
    serve_transport_web, serve_transport_mqtt;

struct serve {
    struct serve_callbacks callbacks;
    struct serve_context context;
    struct serve_access access;
    int waker; /* eventfd */
    void *self[5];
    uint16_t udp_port, coap_port, coaps_port, web_port;
    char fault[SERVE_MESSAGE]; /* for serve_fault() */
    uint16_t inner_port;       /* CoAP's own on 127.0.0.1, for messages that come over serial lines; 0: no CoAP */
};

/* Is the change that this ticket stands for (0: the search) still under way? A request that waits for it is handled
 * again when it has ended. */
bool serve_pending(const struct serve *serve, uint64_t ticket);

/* A datagram socket bound to params->address and `port`; IPv6 with IPv4 where the system has it. *port becomes the one
 * in use. Errors: USAGE, DEVICE. */
int serve_bind(const struct serve_params *params, int *port, int *fd);

#endif
