/* SPDX-License-Identifier: Apache-2.0
 * Asking a board, by whatever URI. docs/protocol.md is what is spoken. */
#ifndef CLIENT_H
#define CLIENT_H

#include <netdb.h>
#include <ocelli.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
    const struct client_kind *kind;
    const char *uri;        /* for messages */
    const char *rest;       /* of it, behind the scheme */
    const char *keys;       /* file of --psk; NULL: none */
    const uint8_t *picture; /* (picture_size): goes with a search; NULL: none. The caller's */
    size_t picture_size;
    void *self;
};

/* A scheme: a row in client.c. All say their faults. Answers are JSON, terminated, and stay until the next call. */
struct client_kind {
    const char *scheme; /* "udp:" */
    bool pictures;      /* it can send one */
    bool apart;         /* who follows asks by a second client: an answer would be taken for a push */
    int (*open)(struct client *c);
    /* Errors: FILE (the board said no), DEVICE (no answer), USAGE (no such request). */
    int (*ask)(struct client *c, const char *const *arguments, size_t count, const char **json);
    /* Begins to follow; then next() gives a push each, as lines have it. */
    int (*watch)(struct client *c);
    /* timeout_ms: after which *json is NULL, as none came; -1: it waits until the board is gone. */
    int (*next)(struct client *c, int timeout_ms, const char **json);
    void (*close)(struct client *c); /* of a half-open one too */
};

extern const struct client_kind client_udp, client_serial, client_coap, client_coaps;

enum { CLIENT_SILENCE_MS = 25000 };

/* Errors: USAGE (not a URI of a daemon), DEVICE, FILE (keys). */
int client_open(struct client *client, const char *uri, const char *keys);
/* Accepts a zeroed one. */
void client_close(struct client *client);

/* Where the URI of `client` leads: freeaddrinfo() it. Errors: USAGE (not a host and port), DEVICE (no such host). */
int client_resolve(const struct client *client, int port, struct addrinfo **found);

/* HOST[:PORT], [IPV6]:PORT, with or without // before it and / behind it. false: it is not. */
bool client_host(const char *rest, int port, char host[256], char service[8]);

#endif
