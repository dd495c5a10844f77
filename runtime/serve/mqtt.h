/* SPDX-License-Identifier: Apache-2.0
 * The board at an MQTT broker: states and events out, commands in. docs/mqtt.md tells the topics. All of it runs in
 * serve_poll(), but the search for the broker's address, which may take long: a thread of its own does that. */
#ifndef SERVE_MQTT_H
#define SERVE_MQTT_H

#include "serve/mqtt_link.h"
#include "serve/mqtt_tags.h"
#include "serve/transport.h"

enum { MQTT_COMMANDS = 16, MQTT_BATCH = 32 /* states that go out at once */, MQTT_TOPIC = 400 };

/* A line that waits for the end of a change or a search. */
struct mqtt_command {
    char line[SERVE_LINE];
    size_t size;
    uint64_t ticket;
};

struct mqtt {
    struct serve *serve;
    struct mqtt_link link;
    struct mqtt_tags tags;
    struct serve_client client; /* all commands, as one */
    char *prefix, *discovery;   /* discovery: NULL: none */
    char id[32];                /* of this board among all: letters, digits and '_' */
    bool images, commands;
    double every_ms; /* between two scores of a tag */
    /* of this connection */
    uint64_t events;            /* the last that was published */
    double scores_ms, board_ms; /* when the scores and the board's values are due */
    double discover_ms;         /* when the discovery is due; INFINITY: it is not */
    bool looks_back;            /* it still waits for the discovery that an earlier start has left at the broker */
    struct mqtt_command waiting[MQTT_COMMANDS];
    size_t waiting_count;
};

/* PREFIX and the rest, as a topic. */
const char *mqtt_topic(const struct mqtt *mqtt, char topic[MQTT_TOPIC], const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* mqtt_publish.c: what is due now: events, states, scores, the board. */
void mqtt_publish(struct mqtt *mqtt, double now_ms);
/* What the broker keeps of tags that are no more. */
void mqtt_clear(struct mqtt *mqtt, const struct mqtt_gone *gone);
/* When it has to be called next, in ms of the clock. */
double mqtt_publish_at(const struct mqtt *mqtt);

/* mqtt_discovery.c: tells Home Assistant what there is; `gone`: tags that are no more (NULL: none). Errors: MEMORY. */
int mqtt_discovery(struct mqtt *mqtt, const struct mqtt_gone *gone);
/* Topic of that message. */
const char *mqtt_discovery_topic(const struct mqtt *mqtt, char topic[MQTT_TOPIC]);
/* An earlier message of it: finds what is no more. */
void mqtt_discovery_look_back(const struct mqtt *mqtt, const void *payload, size_t size, struct mqtt_gone *gone);

/* mqtt_command.c: a message that came, and those that wait. */
void mqtt_command(struct mqtt *mqtt, const char *topic, const void *payload, size_t size, double now_ms);
void mqtt_command_again(struct mqtt *mqtt, double now_ms);

#endif
