/* SPDX-License-Identifier: Apache-2.0
 * In place of web.c and its parts where libmicrohttpd is not installed. */
#include "base/log.h"
#include "serve/transport.h"

bool serve_has_web(void) {
    return false;
}

static int web_open(struct serve *serve, const struct serve_params *params, void **self) {
    (void)serve, (void)self;
    if (params->web.port) log_warn("the web page is not built in: build with libmicrohttpd-dev installed");
    return OCELLI_OK;
}

const struct serve_transport serve_transport_web = {.name = "web", .open = web_open};
