/* SPDX-License-Identifier: Apache-2.0
 * In place of coap.c where libcoap is not installed. */
#include "base/log.h"
#include "serve/transport.h"

int serve_check_keys(const char *psk_file) {
    return log_fail(OCELLI_ERR_USAGE,
                    "%s: DTLS is not built in: build with libcoap3-dev installed, or leave the keys out", psk_file);
}

bool serve_has_coap(void) {
    return false;
}

static int coap_open(struct serve *serve, const struct serve_params *params, void **self) {
    (void)serve, (void)self;
    if (params->psk_file) return serve_check_keys(params->psk_file);
    if (params->coap_port > 0) log_warn("CoAP is not built in: build with libcoap3-dev installed");
    return OCELLI_OK;
}

const struct serve_transport serve_transport_coap = {.name = "coap", .open = coap_open};
