/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/service_check.h"
#include "base/log.h"

#include <string.h>

bool service_wanted(const struct daemon_config *c) {
    return c->udp > 0 || c->coap > 0 || c->coaps > 0 || c->serial || c->web_port > 0 || c->mqtt_host;
}

/* The ports are IANA's, without and with TLS. */
struct serve_mqtt service_mqtt(const struct daemon_config *c) {
    bool found = !c->mqtt_discovery || strcmp(c->mqtt_discovery, "no");
    return (struct serve_mqtt){.host = c->mqtt_host,
                               .port = c->mqtt_port > 0  ? (int)c->mqtt_port
                                       : c->mqtt_tls > 0 ? 8883
                                                         : 1883,
                               .user = c->mqtt_user,
                               .password_file = c->mqtt_password,
                               .prefix = c->mqtt_prefix,
                               .discovery = !found              ? NULL
                                            : c->mqtt_discovery ? c->mqtt_discovery
                                                                : "homeassistant",
                               .ca = c->mqtt_ca,
                               .tls = c->mqtt_tls > 0,
                               .images = c->mqtt_images > 0,
                               .commands = c->mqtt_commands > 0,
                               .every_s = c->mqtt_every};
}

struct serve_web_params service_web(const struct daemon_config *config) {
    return (struct serve_web_params){.port = (int)config->web_port,
                                     .address = config->web_address,
                                     .password = config->web_password,
                                     .certificate = config->web_certificate,
                                     .key = config->web_key,
                                     .https = config->web_https > 0,
                                     .state = config->state,
                                     .host = config->web_host};
}

int service_check_reach(const struct daemon_config *c, enum serve_reach *reach) {
    if (!c->reach || serve_reach_find(reach, c->reach)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: reach = %s: give attached, loopback or all", c->path,
                    config_line(c, "serve", "reach"), c->reach);
}

int service_check_coaps(const struct daemon_config *c) {
    if (c->coaps <= 0 || config_line(c, "serve", "psk")) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: coaps needs psk = FILE", c->path, config_line(c, "serve", "coaps"));
}

/* serve knows no line of the ini: it is put before what serve says. */
static int check_value(const struct daemon_config *c, const char *key, const char *value,
                       int (*check)(const char *value)) {
    char why[LOG_LINE];
    if (!value) return OCELLI_OK;
    log_hold(why, sizeof why);
    int status = check(value);
    log_release();
    return status ? log_fail(status, "%s:%zu: %s", c->path, config_line(c, "serve", key), why) : OCELLI_OK;
}

static int check_mqtt(const struct daemon_config *c) {
    const struct serve_mqtt mqtt = service_mqtt(c);
    char why[LOG_LINE];
    size_t line = config_line(c, "mqtt", "host");
    if (!line) return OCELLI_OK;
    if (!serve_has_mqtt(why, sizeof why)) log_warn("%s:%zu: [mqtt] %s", c->path, line, why);
    log_hold(why, sizeof why);
    int status = serve_check_mqtt(&mqtt);
    log_release();
    return status ? log_fail(status, "%s:%zu: [mqtt] %s", c->path, line, why) : OCELLI_OK;
}

/* Keys of [mqtt] without a broker would be passed over in silence. */
static int check_mqtt_host(const struct daemon_config *c) {
    const char *key = c->mqtt_host ? NULL : config_first_key(c, "mqtt");
    if (!key || !strcmp(key, "host")) return OCELLI_OK; /* a host that is no good was told already */
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s: [mqtt] has no broker: write host = NAME too", c->path,
                    config_line(c, "mqtt", key), key);
}

static int check_web(const struct daemon_config *c) {
    char why[LOG_LINE];
    struct serve_web_params params = service_web(c);
    if (c->web_port <= 0) return OCELLI_OK;
    if (!serve_has_web(why, sizeof why))
        log_warn("%s:%zu: port = %g: %s", c->path, config_line(c, "web", "port"), c->web_port, why);
    log_hold(why, sizeof why);
    int status = serve_check_web(&params);
    log_release();
    return status ? log_fail(status, "%s:%zu: %s", c->path, config_line(c, "web", "port"), why) : OCELLI_OK;
}

int service_check(const struct daemon_config *config, struct faults *faults) {
    enum serve_reach reach;
    int early = faults_pass(faults, check_mqtt_host(config));
    if (early) return early;
    if (!service_wanted(config)) return OCELLI_OK;
    int status = faults_pass(faults, service_check_reach(config, &reach));
    if (!status) status = faults_pass(faults, service_check_coaps(config));
    if (!status) status = faults_pass(faults, check_value(config, "address", config->address, serve_check_address));
    if (!status) status = faults_pass(faults, check_value(config, "serial", config->serial, serve_check_serial));
    if (!status) status = faults_pass(faults, check_value(config, "psk", config->psk, serve_check_keys));
    if (!status) status = faults_pass(faults, check_mqtt(config));
    if (!status) status = faults_pass(faults, check_web(config));
    if (config->coap > 0 && !serve_has_coap())
        log_warn("%s:%zu: coap = %g: CoAP is not built in: build with libcoap3-dev installed", config->path,
                 config_line(config, "serve", "coap"), config->coap);
    return status;
}
