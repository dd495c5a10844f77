/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/mqtt.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sha256.h"
#include "serve/crc.h"
#include "serve/libmosquitto.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BIRTH_MS = 5000, LOOK_BACK_MS = 10000 };

const char *mqtt_topic(const struct mqtt *mqtt, char topic[MQTT_TOPIC], const char *format, ...) {
    va_list args;
    int used = snprintf(topic, MQTT_TOPIC, "%s/", mqtt->prefix);
    va_start(args, format);
    vsnprintf(topic + used, MQTT_TOPIC - (size_t)used, format, args);
    va_end(args);
    return topic;
}

/* ---- what it is called ---- */

/* A number of this machine, so that two boards of one name are two at the broker: it ends the older connection of two
 * that have the same id. */
static void make_id(struct mqtt *q) {
    uint8_t digest[SHA256_SIZE];
    char machine[400] = "";
    FILE *f = fopen("/etc/machine-id", "re");
    if (f && !fgets(machine, 64, f)) machine[0] = '\0';
    if (f) fclose(f);
    size_t used = strlen(machine);
    if (!used) gethostname(machine, 64), machine[63] = '\0', used = strlen(machine);
    snprintf(machine + used, sizeof machine - used, "/%s", q->prefix);
    sha256(machine, strlen(machine), digest);
    snprintf(q->id, sizeof q->id, "ocelli_%02x%02x%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3],
             digest[4], digest[5]);
}

static char *default_prefix(void) {
    char host[65] = "", *prefix;
    gethostname(host, sizeof host - 1);
    host[strcspn(host, ".")] = '\0';
    return asprintf(&prefix, "ocelli/%s", *host ? host : "board") < 0 ? NULL : prefix;
}

/* ---- the connection's calls ---- */

static double later(double most_ms) {
    return clock_ms() + fmod((double)clock_ns(CLOCK_MONOTONIC) / 1000, most_ms);
}

static void up(void *user) {
    struct mqtt *q = user;
    char topic[MQTT_TOPIC];
    if (q->commands) {
        mqtt_link_subscribe(&q->link, mqtt_topic(q, topic, "request"));
        mqtt_link_subscribe(&q->link, mqtt_topic(q, topic, "set/#"));
    }
    q->looks_back = q->discovery != NULL;
    if (q->discovery) {
        snprintf(topic, sizeof topic, "%s/status", q->discovery);
        mqtt_link_subscribe(&q->link, topic);
        mqtt_link_subscribe(&q->link,
                            mqtt_discovery_topic(q, topic)); /* before ours goes out: the broker has the last */
    }
    mqtt_tags_forget(&q->tags);
    q->events = q->serve->context.events.count; /* what happened meanwhile is told by states */
    q->scores_ms = q->board_ms = 0;
    q->discover_ms = q->discovery ? 0 : INFINITY;
}

/* What an earlier start has left there, or our own. */
static void look_back(struct mqtt *q, const void *payload, size_t size) {
    struct mqtt_gone gone = {0};
    char topic[MQTT_TOPIC];
    if (!q->looks_back) return;
    q->looks_back = false;
    mqtt_link_unsubscribe(&q->link, mqtt_discovery_topic(q, topic));
    mqtt_discovery_look_back(q, payload, size, &gone);
    if (gone.count) mqtt_discovery(q, &gone);
    mqtt_clear(q, &gone);
    free(gone.ids);
}

static void message(void *user, const char *topic, const void *payload, size_t size, bool retained) {
    struct mqtt *q = user;
    char own[MQTT_TOPIC];
    size_t prefix = strlen(q->prefix);
    if (q->discovery && !strcmp(topic, mqtt_discovery_topic(q, own))) {
        look_back(q, payload, size);
        return;
    }
    if (!strncmp(topic, q->prefix, prefix) && topic[prefix] == '/') {
        if (retained) /* it would be carried out at each connection anew */
            log_warn("mqtt: %s: a command that the broker keeps is not carried out: send it without retain", topic);
        else
            mqtt_command(q, topic + prefix + 1, payload, size, clock_ms());
        return;
    }
    if (q->discovery && size == 6 && !memcmp(payload, "online", 6)) q->discover_ms = later(BIRTH_MS);
}

/* ---- the transport ---- */

static int check_prefix(const char *prefix) {
    size_t length = strlen(prefix);
    bool good = length && length <= 128 && prefix[0] != '/' && prefix[0] != '$' && prefix[length - 1] != '/' &&
                !strpbrk(prefix, "+#\"\\");
    return good ? OCELLI_OK
                : log_fail(OCELLI_ERR_USAGE, "prefix = %s: give 1 to 128 bytes without + and #, and no / at its ends",
                           prefix);
}

int serve_check_mqtt(const struct serve_mqtt *params) {
    if (params->prefix && check_prefix(params->prefix)) return OCELLI_ERR_USAGE;
    if (params->discovery && check_prefix(params->discovery)) return OCELLI_ERR_USAGE;
    if (params->password_file && !params->user) return log_fail(OCELLI_ERR_USAGE, "password: give user = NAME too");
    if (params->ca && !params->tls) return log_fail(OCELLI_ERR_USAGE, "ca: it is for tls = yes, which is not given");
    return OCELLI_OK;
}

bool serve_has_mqtt(char *why, size_t capacity) {
    return libmosquitto_open(why, capacity);
}

static int mqtt_open(struct serve *serve, const struct serve_params *params, void **self) {
    char will[MQTT_TOPIC], why[SERVE_MESSAGE];
    if (!params->mqtt) return OCELLI_OK;
    if (!serve_has_mqtt(why, sizeof why)) {
        log_warn("%s", why);
        return OCELLI_OK;
    }
    const struct serve_mqtt *p = params->mqtt;
    struct mqtt *q = *self = calloc(1, sizeof *q);
    if (!q) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    q->serve = serve, q->images = p->images, q->commands = p->commands, q->every_ms = p->every_s * 1000;
    q->client = (struct serve_client){.may_change = true, .proved = true};
    q->discover_ms = INFINITY;
    int status = serve_check_mqtt(p);
    if (status) return status;
    q->prefix = p->prefix ? strdup(p->prefix) : default_prefix();
    q->discovery = p->discovery ? strdup(p->discovery) : NULL;
    if (!q->prefix || (p->discovery && !q->discovery)) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    make_id(q);
    const struct mqtt_link_user user = {q, up, message};
    return mqtt_link_open(&q->link, serve, p, q->id, mqtt_topic(q, will, "availability"), &user);
}

static void mqtt_close(void **self) {
    struct mqtt *q = *self;
    mqtt_link_close(&q->link);
    mqtt_tags_finish(&q->tags);
    free(q->prefix), free(q->discovery);
    free(q);
    *self = NULL;
}

static size_t mqtt_wait(void *self, struct pollfd *fds, int *timeout_ms) {
    struct mqtt *q = self;
    return mqtt_link_wait(&q->link, mqtt_link_free(&q->link) ? mqtt_publish_at(q) : INFINITY, fds, timeout_ms);
}

static void mqtt_step(void *self, const struct pollfd *fds, size_t count, double now_ms) {
    struct mqtt *q = self;
    mqtt_link_step(&q->link, fds, count, now_ms);
    memcpy(q->serve->fault, q->link.fault, sizeof q->serve->fault);
    mqtt_command_again(q, now_ms);
    if (mqtt_link_free(&q->link)) mqtt_publish(q, now_ms);
}

const struct serve_transport serve_transport_mqtt = {
    .name = "mqtt", .open = mqtt_open, .wait = mqtt_wait, .step = mqtt_step, .close = mqtt_close};
