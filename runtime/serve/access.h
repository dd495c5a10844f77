/* SPDX-License-Identifier: Apache-2.0
 * Which address may ask, and how often. */
#ifndef SERVE_ACCESS_H
#define SERVE_ACCESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum serve_reach {
    SERVE_ATTACHED, /* the networks of this machine's own interfaces */
    SERVE_LOOPBACK, /* this machine itself */
    SERVE_ALL,
};

/* IPv4 as ::ffff:a.b.c.d, so that there is one form. */
struct serve_address {
    uint8_t ip[16];
    uint16_t port; /* host order */
};

/* false: neither IPv4 nor IPv6. */
bool serve_address_of(struct serve_address *address, const struct sockaddr *from);
bool serve_address_loopback(const struct serve_address *address);
bool serve_address_v4(const struct serve_address *address);

/* Bytes of IP and UDP headers, which count when answers are compared with requests. */
size_t serve_address_headers(const struct serve_address *address);

enum { SERVE_NETWORKS = 64, SERVE_NETWORKS_ALWAYS = 3, SERVE_BUCKET_SETS = 128, SERVE_BUCKET_WAYS = 8 };

struct serve_network {
    uint8_t ip[16], mask[16];
};

struct serve_bucket {
    uint8_t key[16];
    double tokens, ms; /* ms: of the last request; 0: free */
    double told_ms;    /* when it was last told that it is too fast */
};

struct serve_access {
    enum serve_reach reach;
    double rate, burst; /* requests a second, at once; rate 0: no limit */
    struct serve_network networks[SERVE_NETWORKS];
    size_t network_count;
    double read_ms; /* when the networks were read; 0: never */
    struct serve_bucket buckets[SERVE_BUCKET_SETS][SERVE_BUCKET_WAYS];
};

enum serve_verdict {
    SERVE_MAY,
    SERVE_TELL_BUSY, /* too fast, and not told so for a second */
    SERVE_TOLD_BUSY, /* too fast, and told */
    SERVE_SILENCE,   /* may not ask */
};

/* Counts the request. Interfaces are looked at anew every 10 s. */
enum serve_verdict serve_access_judge(struct serve_access *access, const struct serve_address *from, double now_ms);

/* Looks at the interfaces anew, when that was 10 s ago: read_ms tells. */
void serve_access_refresh(struct serve_access *access, double now_ms);

/* All that may ask, of SERVE_NETWORKS + SERVE_NETWORKS_ALWAYS at most; not for SERVE_ALL. */
size_t serve_access_networks(const struct serve_access *access, struct serve_network *networks);

/* May it ask at all? Counts nothing. */
bool serve_access_reach(struct serve_access *access, const struct serve_address *from, double now_ms);

#endif
