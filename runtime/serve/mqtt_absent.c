/* SPDX-License-Identifier: Apache-2.0
 * Without libmosquitto. */
#include "base/log.h"
#include "serve/transport.h"

#include <stdio.h>

int serve_check_mqtt(const struct serve_mqtt *params) {
    (void)params;
    return OCELLI_OK;
}

bool serve_has_mqtt(char *why, size_t capacity) {
    snprintf(why, capacity, "MQTT is not built in: build with libmosquitto-dev installed");
    return false;
}

static int open_none(struct serve *serve, const struct serve_params *params, void **self) {
    char why[SERVE_MESSAGE];
    (void)serve, (void)self;
    if (params->mqtt && !serve_has_mqtt(why, sizeof why)) log_warn("%s", why);
    return OCELLI_OK;
}

const struct serve_transport serve_transport_mqtt = {.name = "mqtt", .open = open_none};
