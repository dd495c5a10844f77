/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/access.h"

#include <ifaddrs.h>
#include <string.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool serve_address_of(struct serve_address *address, const struct sockaddr *from) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
    if (from->sa_family == AF_INET) {
        memcpy(address->ip, mapped, sizeof mapped);
        memcpy(address->ip + 12, &v4->sin_addr, 4);
        address->port = ntohs(v4->sin_port);
    } else if (from->sa_family == AF_INET6) {
        memcpy(address->ip, &v6->sin6_addr, 16);
        address->port = ntohs(v6->sin6_port);
    } else
        return false;
    return true;
}

bool serve_address_v4(const struct serve_address *address) {
    return !memcmp(address->ip, mapped, sizeof mapped);
}

bool serve_address_loopback(const struct serve_address *address) {
    static const uint8_t one[16] = {[15] = 1};
    return serve_address_v4(address) ? address->ip[12] == 127 : !memcmp(address->ip, one, sizeof one);
}

size_t serve_address_headers(const struct serve_address *address) {
    return serve_address_v4(address) ? 28 : 48;
}

/* ---- networks ---- */

static void add_network(struct serve_access *access, const struct ifaddrs *i) {
    struct serve_network *n = &access->networks[access->network_count];
    struct serve_address ip, mask;
    if (!i->ifa_addr || !i->ifa_netmask || access->network_count == SERVE_NETWORKS) return;
    i->ifa_netmask->sa_family = i->ifa_addr->sa_family; /* some kernels leave it empty */
    if (!serve_address_of(&ip, i->ifa_addr) || !serve_address_of(&mask, i->ifa_netmask)) return;
    if (serve_address_v4(&ip)) memset(mask.ip, 0xff, sizeof mapped);
    memcpy(n->ip, ip.ip, sizeof n->ip);
    memcpy(n->mask, mask.ip, sizeof n->mask);
    access->network_count++;
}

/* Old ones stay when there is no answer. */
void serve_access_refresh(struct serve_access *access, double now_ms) {
    struct ifaddrs *all;
    if (access->read_ms > 0 && now_ms - access->read_ms < 10000) return;
    access->read_ms = now_ms;
    if (getifaddrs(&all)) return;
    access->network_count = 0;
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) add_network(access, i);
    freeifaddrs(all);
}

size_t serve_access_networks(const struct serve_access *access, struct serve_network *networks) {
    /* 127.0.0.0/8, ::1, and link-local: RFC 4291 section 2.5.6 */
    static const struct serve_network always[SERVE_NETWORKS_ALWAYS] = {
        {{[10] = 0xff, 0xff, 127}, {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}},
        {{[15] = 1}, {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}},
        {{0xfe, 0x80}, {0xff, 0xc0}},
    };
    size_t count = access->reach == SERVE_LOOPBACK ? 2 : SERVE_NETWORKS_ALWAYS;
    memcpy(networks, always, count * sizeof always[0]);
    if (access->reach == SERVE_LOOPBACK) return count;
    memcpy(networks + count, access->networks, access->network_count * sizeof access->networks[0]);
    return count + access->network_count;
}

static bool within(const struct serve_network *n, const struct serve_address *a) {
    for (int i = 0; i < 16; i++)
        if ((n->ip[i] ^ a->ip[i]) & n->mask[i]) return false;
    return true;
}

static bool attached(struct serve_access *access, const struct serve_address *from, double now_ms) {
    if (from->ip[0] == 0xfe && (from->ip[1] & 0xc0) == 0x80) return true; /* link-local: RFC 4291 section 2.5.6 */
    serve_access_refresh(access, now_ms);
    for (size_t i = 0; i < access->network_count; i++)
        if (within(&access->networks[i], from)) return true;
    return false;
}

bool serve_access_reach(struct serve_access *access, const struct serve_address *from, double now_ms) {
    if (access->reach == SERVE_ALL || serve_address_loopback(from)) return true;
    return access->reach == SERVE_ATTACHED && attached(access, from, now_ms);
}

/* ---- rate ---- */

/* A host far away has a whole /64 of IPv6; that of an attached network belongs to many. */
static struct serve_bucket *bucket_of(struct serve_access *access, const struct serve_address *from, double now_ms) {
    uint8_t key[16] = {0};
    uint32_t hash = 2166136261u;
    memcpy(key, from->ip, serve_address_v4(from) || attached(access, from, now_ms) ? 16 : 8);
    for (int i = 0; i < 16; i++) hash = (hash ^ key[i]) * 16777619u;
    struct serve_bucket *set = access->buckets[(hash ^ hash >> 16) % SERVE_BUCKET_SETS], *oldest = set;
    for (int i = 0; i < SERVE_BUCKET_WAYS; i++) {
        if (set[i].ms > 0 && !memcmp(set[i].key, key, sizeof key)) return &set[i];
        if (set[i].ms < oldest->ms) oldest = &set[i];
    }
    *oldest = (struct serve_bucket){.tokens = access->burst, .ms = now_ms};
    memcpy(oldest->key, key, sizeof key);
    return oldest;
}

enum serve_verdict serve_access_judge(struct serve_access *access, const struct serve_address *from, double now_ms) {
    if (!serve_access_reach(access, from, now_ms)) return SERVE_SILENCE;
    if (access->rate <= 0 || serve_address_loopback(from)) return SERVE_MAY;
    struct serve_bucket *b = bucket_of(access, from, now_ms);
    b->tokens += (now_ms - b->ms) / 1000 * access->rate;
    if (b->tokens > access->burst) b->tokens = access->burst;
    b->ms = now_ms;
    if (b->tokens >= 1) {
        b->tokens--;
        return SERVE_MAY;
    }
    if (b->told_ms > 0 && now_ms - b->told_ms < 1000) return SERVE_TOLD_BUSY;
    b->told_ms = now_ms;
    return SERVE_TELL_BUSY;
}
