/* SPDX-License-Identifier: Apache-2.0
 * In place of web.c and its parts where libmicrohttpd is not installed. */
#include "base/log.h"
#include "serve/transport.h"

#include <stdio.h>

bool serve_has_web(char *why, size_t capacity) {
    snprintf(why, capacity, "the web page is not built in: build with libmicrohttpd-dev installed");
    return false;
}

static int web_open(struct serve *serve, const struct serve_params *params, void **self) {
    char why[SERVE_MESSAGE];
    (void)serve, (void)self;
    if (params->web.port && !serve_has_web(why, sizeof why)) log_warn("%s", why);
    return OCELLI_OK;
}

const struct serve_transport serve_transport_web = {.name = "web", .open = web_open};
