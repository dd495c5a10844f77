/* SPDX-License-Identifier: Apache-2.0
 * Lines in datagrams: one request, one answer. */
#include "base/clock.h"
#include "base/log.h"
#include "serve/crc.h"
#include "serve/clients.h"
#include "serve/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 64, DATAGRAM = SERVE_LINE + 2 /* one more than the line end shows that it is over */, DEFERRED = 32 };

/* A datagram, and which of our addresses it came to: the answer comes from there. */
struct datagram {
    char bytes[DATAGRAM];
    size_t size;
    uint64_t ticket; /* of what it waits for; see serve_pending() */
    struct sockaddr_storage from;
    struct msghdr header;
    struct iovec vector;
    char control[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct udp {
    struct serve *serve;
    int fd;
    uint64_t pushed; /* events that all who watch have got */
    double looked_ms;
    bool watched; /* by anyone, as of then */
    struct serve_clients clients;
    struct datagram deferred[DEFERRED]; /* that a search or a change goes on for */
    size_t deferred_count;
};

/* ---- the socket ---- */

static int bind_to(int family, const struct sockaddr *address, socklen_t size) {
    int on = 1, off = 0, fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    } else
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    if (!bind(fd, address, size)) return fd;
    int fault = errno;
    close(fd);
    errno = fault;
    return -1;
}

/* A link-local IPv6 address has its interface behind it, fe80::1%eth0. */
static bool read_v6(const char *text, struct sockaddr_in6 *v6) {
    struct addrinfo hints = {.ai_family = AF_INET6, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST}, *found;
    if (getaddrinfo(text, NULL, &hints, &found)) return false;
    memcpy(v6, found->ai_addr, sizeof *v6);
    freeaddrinfo(found);
    return true;
}

static int no_address(const char *text) {
    return log_fail(OCELLI_ERR_USAGE, "\"%s\" is no IPv4 or IPv6 address to listen on", text);
}

int serve_check_address(const char *address) {
    struct in_addr v4;
    struct sockaddr_in6 v6;
    return inet_pton(AF_INET, address, &v4) == 1 || read_v6(address, &v6) ? OCELLI_OK : no_address(address);
}

static int bind_v4(const char *text, int port) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (text && inet_pton(AF_INET, text, &v4.sin_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    return bind_to(AF_INET, (const struct sockaddr *)&v4, sizeof v4);
}

static int bind_v6(const char *text, int port) {
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (text && !read_v6(text, &v6)) {
        errno = EINVAL;
        return -1;
    }
    v6.sin6_port = htons((uint16_t)port);
    return bind_to(AF_INET6, (const struct sockaddr *)&v6, sizeof v6);
}

int serve_bind(const struct serve_params *params, int *port, int *fd) {
    struct sockaddr_storage bound;
    struct serve_address address;
    socklen_t size = sizeof bound;
    int wanted = *port == SERVE_ANY_PORT ? 0 : *port;
    *fd = bind_v6(params->address, wanted);
    bool six = params->address && strchr(params->address, ':');
    if (*fd < 0 && !six && errno != EADDRINUSE && errno != EACCES) *fd = bind_v4(params->address, wanted);
    if (*fd < 0 && errno == EINVAL) return no_address(params->address);
    if (*fd < 0 && params->address && errno == EADDRNOTAVAIL)
        return log_fail(OCELLI_ERR_DEVICE,
                        "address %s: this machine has none such now: give one that `ip address` lists",
                        params->address);
    if (*fd < 0)
        return log_fail(OCELLI_ERR_DEVICE, "UDP port %d: %s: end what uses it, or choose another", wanted,
                        strerror(errno));
    getsockname(*fd, (struct sockaddr *)&bound, &size);
    serve_address_of(&address, (const struct sockaddr *)&bound);
    *port = address.port;
    return OCELLI_OK;
}

static int udp_open(struct serve *serve, const struct serve_params *params, void **self) {
    int port = params->udp_port ? params->udp_port : SERVE_UDP_PORT;
    if (params->udp_port == SERVE_NO_PORT) return OCELLI_OK;
    struct udp *u = *self = calloc(1, sizeof *u);
    if (!u) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    u->serve = serve, u->fd = -1;
    int status = serve_clients_init(&u->clients);
    if (!status) status = serve_bind(params, &port, &u->fd);
    serve->udp_port = (uint16_t)port;
    return status;
}

static void udp_close(void **self) {
    struct udp *u = *self;
    if (u->fd >= 0) close(u->fd);
    free(u);
    *self = NULL;
}

/* ---- requests ---- */

static bool receive(struct udp *u, struct datagram *d) {
    d->vector = (struct iovec){d->bytes, sizeof d->bytes};
    d->header = (struct msghdr){&d->from, sizeof d->from, &d->vector, 1, d->control, sizeof d->control, 0};
    d->ticket = 0;
    ssize_t size = recvmsg(u->fd, &d->header, 0);
    d->size = size > 0 ? (size_t)size : 0;
    return size >= 0 || errno == ECONNREFUSED || errno == EINTR;
}

static void copy_datagram(struct datagram *to, const struct datagram *from) {
    *to = *from;
    to->header.msg_name = &to->from, to->header.msg_iov = &to->vector, to->header.msg_control = to->control;
}

/* A full queue loses it, as a full wire does. */
static void answer(struct udp *u, struct datagram *d, char *bytes, size_t size) {
    d->vector = (struct iovec){bytes, size};
    if (sendmsg(u->fd, &d->header, MSG_DONTWAIT) < 0) return;
}

/* docs/protocol.md, "Who may ask": at most 3 times what came. */
static size_t allowed(const struct serve_known *k, size_t size) {
    size_t headers = serve_address_headers(&k->address);
    return k->client.proved ? SERVE_LINE : 3 * (headers + size) - headers;
}

/* A request that comes twice gets one answer. false: no place for it. */
static bool wait_for_it(struct udp *u, struct datagram *d) {
    for (size_t i = 0; i < u->deferred_count; i++) {
        const struct datagram *o = &u->deferred[i];
        bool same = o->size == d->size && o->header.msg_namelen == d->header.msg_namelen;
        if (same && !memcmp(o->bytes, d->bytes, d->size) && !memcmp(&o->from, &d->from, d->header.msg_namelen))
            return true;
    }
    if (u->deferred_count == DEFERRED) return false;
    d->ticket = u->serve->context.origin.ticket;
    copy_datagram(&u->deferred[u->deferred_count++], d);
    u->serve->context.waiting += !d->ticket;
    return true;
}

static bool line_end(char c) {
    return c == '\n' || c == '\r';
}

/* Its length; line ends around it are left out, unless more may have come than there was room for. */
static size_t line_of(const char **line, size_t size) {
    bool whole = size < DATAGRAM;
    while (whole && size && line_end(**line)) ++*line, size--;
    while (whole && size && line_end((*line)[size - 1])) size--;
    return size;
}

static void respond(struct udp *udp, struct datagram *datagram, const struct serve_address *from,
                    enum serve_verdict verdict, double now_ms) {
    char bytes[SERVE_LINE];
    struct serve_known *k = serve_clients_find(&udp->clients, from, now_ms);
    const char *line = datagram->bytes;
    size_t length = line_of(&line, datagram->size), size = 0;
    bool busy = verdict == SERVE_TELL_BUSY;
    udp->serve->context.origin = (struct serve_origin){.client = serve_number_of(SERVE_NUMBER, from, sizeof *from),
                                                       .may_wait = udp->deferred_count < DEFERRED,
                                                       .ticket = datagram->ticket};
    k->client.capacity = k->client.proved ? 0 : allowed(k, datagram->size);
    if (!busy) size = serve_line(&udp->serve->context, &k->client, now_ms, line, length, bytes);
    if (size == SERVE_LINE_DEFERRED && wait_for_it(udp, datagram)) return;
    if (busy || size == SERVE_LINE_DEFERRED) size = serve_line_error(&k->client, SERVE_BUSY, line, length, bytes);
    if (size > allowed(k, datagram->size)) size = serve_line_error(&k->client, SERVE_PROVE, line, length, bytes);
    if (size == 0 || size > allowed(k, datagram->size)) return;
    udp->watched |= k->client.watch.on;
    k->to_size = datagram->header.msg_namelen;
    memcpy(&k->to, &datagram->from, sizeof k->to);
    answer(udp, datagram, bytes, size);
}

static void handle(struct udp *u, struct datagram *d, double now_ms) {
    struct serve_address from;
    if (!serve_address_of(&from, (const struct sockaddr *)&d->from)) return;
    enum serve_verdict verdict = serve_access_judge(&u->serve->access, &from, now_ms);
    if (verdict == SERVE_MAY || verdict == SERVE_TELL_BUSY) respond(u, d, &from, verdict, now_ms);
}

/* They were let in when they came. From the last to the first: one that has to wait once more comes behind them. */
static void answer_deferred(struct udp *u, double now_ms) {
    struct serve_address from;
    for (size_t i = u->deferred_count; i--;) {
        struct datagram d;
        if (serve_pending(u->serve, u->deferred[i].ticket)) continue;
        copy_datagram(&d, &u->deferred[i]);
        if (i != --u->deferred_count) copy_datagram(&u->deferred[i], &u->deferred[u->deferred_count]);
        u->serve->context.waiting -= !d.ticket;
        if (!serve_address_of(&from, (const struct sockaddr *)&d.from)) continue;
        serve_clients_find(&u->clients, &from, now_ms)->client.proved = true; /* it was, and may have been forgotten */
        respond(u, &d, &from, SERVE_MAY, now_ms);
    }
}

/* ---- pushes ---- */

static void push(struct udp *u, struct serve_known *k, double now_ms) {
    char bytes[SERVE_LINE];
    size_t size;
    while ((size = serve_line_push(&u->serve->context, &k->client, now_ms, bytes)))
        if (sendto(u->fd, bytes, size, MSG_DONTWAIT, (const struct sockaddr *)&k->to, k->to_size) < 0) continue;
}

/* Changes at once, heartbeats to within half a second. */
static void push_all(struct udp *u, double now_ms) {
    uint64_t count = u->serve->context.events.count;
    if (u->pushed == count && now_ms - u->looked_ms < 500) return;
    u->pushed = count, u->looked_ms = now_ms, u->watched = false;
    for (int i = 0; i < SERVE_CLIENT_SETS; i++)
        for (int k = 0; k < SERVE_CLIENT_WAYS; k++) {
            struct serve_known *known = &u->clients.known[i][k];
            if (known->client.watch.on) push(u, known, now_ms), u->watched = true;
        }
}

static size_t udp_wait(void *self, struct pollfd *fds, int *timeout_ms) {
    struct udp *u = self;
    fds[0] = (struct pollfd){u->fd, POLLIN, 0};
    if (u->watched) serve_wait_most(timeout_ms, 500);
    if (u->pushed != u->serve->context.events.count) *timeout_ms = 0;
    return 1;
}

static void udp_step(void *self, const struct pollfd *fds, size_t count, double now_ms) {
    struct udp *u = self;
    struct datagram d;
    (void)count;
    push_all(u, now_ms);
    answer_deferred(u, now_ms);
    if (!(fds[0].revents & (POLLIN | POLLERR))) return;
    for (int i = 0; i < BATCH && receive(u, &d); i++)
        if (d.size) handle(u, &d, now_ms);
}

const struct serve_transport serve_transport_udp = {"udp", udp_open, udp_wait, udp_step, udp_close};
