/* SPDX-License-Identifier: Apache-2.0
 * The connection to a broker, through libmosquitto: made, lost and made again. */
#ifndef SERVE_MQTT_LINK_H
#define SERVE_MQTT_LINK_H

#include "serve/serve.h"

#include <poll.h>

struct mosquitto;
struct mqtt_connector;

/* What a connection's user does. All are called within mqtt_link_step(). */
struct mqtt_link_user {
    void *user;
    void (*up)(void *user); /* the broker has taken us */
    void (*message)(void *user, const char *topic, const void *payload, size_t size, bool retained);
};

struct mqtt_link {
    struct serve *serve;
    struct mqtt_link_user user;
    struct mosquitto *client;
    struct mqtt_connector *connector; /* looks for the broker; the client is its own meanwhile */
    char *host, *will;
    int port;
    bool up;
    bool told; /* that it is not there */
    unsigned failures;
    double next_ms;            /* of the next try; INFINITY: none is due */
    double looked_ms, lost_ms; /* lost_ms: when the broker went; 0: it never did */
    char fault[SERVE_MESSAGE]; /* why it is not up; "": it is, or nothing is known yet */
};

/* id: of this client at the broker; will: the topic where "offline" is left when the connection is lost. Errors: FILE
 * (the password, the certificates), MEMORY. */
int mqtt_link_open(struct mqtt_link *link, struct serve *serve, const struct serve_mqtt *params, const char *id,
                   const char *will, const struct mqtt_link_user *user);
/* As a transport's, see serve/transport.h. due_ms: of its user; INFINITY: never. */
size_t mqtt_link_wait(struct mqtt_link *link, double due_ms, struct pollfd *fds, int *timeout_ms);
void mqtt_link_step(struct mqtt_link *link, const struct pollfd *fds, size_t count, double now_ms);
/* Leaves "offline" behind, for which it waits half a second at most. Accepts a zeroed one. */
void mqtt_link_close(struct mqtt_link *link);

/* Is it up, with nothing left to be sent? Then a message can be published. */
bool mqtt_link_free(struct mqtt_link *link);
/* One that finds no memory is lost. */
void mqtt_link_publish(struct mqtt_link *link, const char *topic, const void *payload, size_t size, bool retained);
void mqtt_link_subscribe(struct mqtt_link *link, const char *topic);
void mqtt_link_unsubscribe(struct mqtt_link *link, const char *topic);

#endif
