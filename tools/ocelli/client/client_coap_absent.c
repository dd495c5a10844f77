/* SPDX-License-Identifier: Apache-2.0
 * In place of client_coap.c where libcoap is not installed. */
#include "base/log.h"
#include "ocelli/client/client.h"

static int open_absent(struct client *c) {
    return log_fail(OCELLI_ERR_USAGE,
                    "%s: CoAP is not built in: build with libcoap3-dev installed, or ask by udp: or serial:", c->uri);
}

const struct client_kind client_coap = {.scheme = "coap:", .open = open_absent};
const struct client_kind client_coaps = {.scheme = "coaps:", .open = open_absent};
