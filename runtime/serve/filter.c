/* SPDX-License-Identifier: Apache-2.0
 * Classic BPF, which needs no rights: Documentation/networking/filter.rst of Linux. */
#include "serve/filter.h"

#include <linux/filter.h>
#include <string.h>
#include <unistd.h>

/* Offsets of the source address: RFC 791 section 3.1, RFC 8200 section 3. */
enum {
    UDP_HEADER = 8,
    V4_SOURCE = 12,
    V6_SOURCE = 8,
    OF_NETWORK = 13,
    STEPS = 10 + OF_NETWORK * (SERVE_NETWORKS + SERVE_NETWORKS_ALWAYS)
};

struct program {
    struct sock_filter steps[STEPS];
    unsigned short count;
};

static void step(struct program *p, uint16_t code, uint32_t k, uint8_t if_not) {
    p->steps[p->count++] = (struct sock_filter){code, 0, if_not, k};
}

static uint32_t word(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Words of the address from `from` on that are as the network's, or on to the next network. */
static void add_network(struct program *p, const struct serve_network *n, int from, uint32_t source) {
    uint8_t words = 0;
    for (int i = from; i < 16; i += 4) words += word(n->mask + i) != 0;
    for (int i = from; i < 16; i += 4) {
        uint32_t mask = word(n->mask + i);
        if (!mask) continue;
        step(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + source + (uint32_t)(i - from), 0);
        step(p, BPF_ALU | BPF_AND | BPF_K, mask, 0);
        step(p, BPF_JMP | BPF_JEQ | BPF_K, word(n->ip + i) & mask, (uint8_t)(3 * --words + 1));
    }
    step(p, BPF_RET | BPF_K, UINT32_MAX, 0);
}

static void add_networks(struct program *p, const struct serve_network *networks, size_t count, bool v4) {
    struct serve_address address = {.port = 0};
    for (size_t i = 0; i < count; i++) {
        memcpy(address.ip, networks[i].ip, sizeof address.ip);
        if (serve_address_v4(&address) == v4) add_network(p, &networks[i], v4 ? 12 : 0, v4 ? V4_SOURCE : V6_SOURCE);
    }
    step(p, BPF_RET | BPF_K, 0, 0);
}

void serve_filter_drain(int fd) {
    char byte;
    while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0) {
    }
}

/* Over IPv4, which is longer than a conditional jump reaches, to IPv6. */
static void add_sources(struct program *p, const struct serve_network *networks, size_t count) {
    step(p, BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF, 0);
    step(p, BPF_ALU | BPF_RSH | BPF_K, 4, 0); /* version */
    step(p, BPF_JMP | BPF_JEQ | BPF_K, 4, 0);
    p->steps[p->count - 1].jt = 1;
    unsigned short over = p->count;
    step(p, BPF_JMP | BPF_JA, 0, 0);
    add_networks(p, networks, count, true);
    p->steps[over].k = p->count - over - 1u;
    add_networks(p, networks, count, false);
}

bool serve_filter_set(int fd, const struct serve_network *networks, size_t count, bool coap) {
    struct program p = {.count = 0};
    if (coap) {
        step(&p, BPF_LD | BPF_B | BPF_ABS, UDP_HEADER + 1, 0);
        step(&p, BPF_ALU | BPF_RSH | BPF_K, 5, 0);
        step(&p, BPF_JMP | BPF_JEQ | BPF_K, 7, 1);
        step(&p, BPF_RET | BPF_K, 0, 0);
    }
    if (networks)
        add_sources(&p, networks, count);
    else
        step(&p, BPF_RET | BPF_K, UINT32_MAX, 0);
    struct sock_fprog program = {p.count, p.steps};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

int serve_filter_find(uint16_t port, int except) {
    for (int fd = 0, most = (int)sysconf(_SC_OPEN_MAX); fd < most && fd < 65536; fd++) {
        struct sockaddr_storage bound;
        struct serve_address address;
        socklen_t size = sizeof bound, kind_size = sizeof(int);
        int kind = 0;
        if (fd == except) continue;
        if (getsockname(fd, (struct sockaddr *)&bound, &size) || !serve_address_of(&address, (struct sockaddr *)&bound))
            continue;
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &kind_size);
        if (kind == SOCK_DGRAM && address.port == port) return fd;
    }
    return -1;
}
