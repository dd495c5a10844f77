/* SPDX-License-Identifier: Apache-2.0
 * Without libmosquitto. */
#include "base/log.h"
#include "serve/transport.h"

int serve_check_mqtt(const struct serve_mqtt *params) {
    (void)params;
    return OCELLI_OK;
}

static int open_none(struct serve *serve, const struct serve_params *params, void **self) {
    (void)serve, (void)self;
    if (params->mqtt) log_warn("MQTT is not built in, so [mqtt] is left out: build with libmosquitto-dev installed");
    return OCELLI_OK;
}

const struct serve_transport serve_transport_mqtt = {.name = "mqtt", .open = open_none};
