/* SPDX-License-Identifier: Apache-2.0
 * The kernel drops what a datagram socket is not to hear: before libcoap, which answers pings and errors by itself. */
#ifndef SERVE_FILTER_H
#define SERVE_FILTER_H

#include "serve/access.h"

/* From now on the socket (IPv4, or IPv6 that takes both) hears these networks only (NULL: all); what waits in it stays.
 * `coap`: what comes is CoAP as it is, not in DTLS, and what has a code of signals (7.xx, RFC 8323 section 5: of TCP
 * only) is dropped. Instead of an earlier one. false, with errno: the kernel did not take it, all is as it was. */
bool serve_filter_set(int fd, const struct serve_network *networks, size_t count, bool coap);

/* Throws away what waits in the socket: it came before the first filter. */
void serve_filter_drain(int fd);

/* A datagram socket of this process that is bound to the port, other than `except` (-1: any); -1: none. */
int serve_filter_find(uint16_t port, int except);

#endif
