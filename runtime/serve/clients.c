/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/clients.h"
#include "base/log.h"
#include "base/sha256.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

int serve_clients_init(struct serve_clients *clients) {
    memset(clients, 0, sizeof *clients);
    if (getrandom(clients->secret, sizeof clients->secret, 0) != sizeof clients->secret)
        return log_fail(OCELLI_ERR_DEVICE, "getrandom: no random numbers: start again later");
    return OCELLI_OK;
}

/* As RFC 9175 section 2.3 has it for Echo: nothing is stored before the address has answered. */
void serve_clients_proof(const struct serve_clients *clients, const struct serve_address *address, double now_ms,
                         char proof[9]) {
    uint8_t bytes[16 + 16 + 2 + 4], digest[SHA256_SIZE];
    uint32_t hour = (uint32_t)(now_ms / 3600000);
    memcpy(bytes, clients->secret, 16);
    memcpy(bytes + 16, address->ip, 16);
    memcpy(bytes + 32, &address->port, 2);
    memcpy(bytes + 34, &hour, 4);
    sha256(bytes, sizeof bytes, digest);
    snprintf(proof, 9, "%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
}

/* One host must not take all places; programs on this machine may. */
static bool place_to_watch(const struct serve_clients *clients, const struct serve_address *a) {
    int all = 0, its = 0;
    for (int i = 0; i < SERVE_CLIENT_SETS; i++)
        for (int k = 0; k < SERVE_CLIENT_WAYS; k++) {
            const struct serve_known *known = &clients->known[i][k];
            if (!known->client.watch.on) continue;
            all++, its += !memcmp(known->address.ip, a->ip, sizeof a->ip);
        }
    return all < SERVE_WATCHERS && (its < SERVE_WATCHERS_EACH || serve_address_loopback(a));
}

/* The entry, or the one to be put in its place: never one that watches. With the secret nobody can tell which set
 * another's address is in. */
static struct serve_known *slot(struct serve_clients *clients, const struct serve_address *a) {
    uint32_t hash;
    memcpy(&hash, clients->secret, sizeof hash);
    hash = (hash ^ a->port) * 16777619u;
    for (int i = 0; i < 16; i++) hash = (hash ^ a->ip[i]) * 16777619u;
    struct serve_known *set = clients->known[(hash ^ hash >> 16) % SERVE_CLIENT_SETS], *oldest = NULL;
    for (int i = 0; i < SERVE_CLIENT_WAYS; i++) {
        if (set[i].ms > 0 && set[i].address.port == a->port && !memcmp(set[i].address.ip, a->ip, 16)) return &set[i];
        if (!set[i].client.watch.on && (!oldest || set[i].ms < oldest->ms)) oldest = &set[i];
    }
    if (oldest) oldest->ms = 0;
    return oldest;
}

struct serve_known *serve_clients_find(struct serve_clients *clients, const struct serve_address *address,
                                       double now_ms) {
    bool local = serve_address_loopback(address);
    struct serve_known *k = slot(clients, address), *passing = &clients->passing;
    if (!k) *passing = (struct serve_known){.ms = 0}, k = passing;
    if (k->ms <= 0) *k = (struct serve_known){.address = *address};
    if (now_ms - k->ms > SERVE_PROVED_MS) k->client.proved = false;
    k->ms = now_ms;
    k->client.host = k->address.ip;
    k->client.may_change = local;
    k->client.proved |= local;
    k->client.leased = true;
    k->client.may_watch = k != passing && (k->client.watch.on || place_to_watch(clients, address));
    if (!k->client.proved) serve_clients_proof(clients, address, now_ms, k->client.proof);
    return k;
}
