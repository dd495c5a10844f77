/* SPDX-License-Identifier: Apache-2.0
 * Lines and CoAP on serial devices, which may come and go. */
#include "base/clock.h"
#include "base/log.h"
#include "serve/crc.h"
#include "serve/transport.h"
#include "serve/tty.h"
#include "serve/framing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUEUE = 32768, RETRY_MS = 1000, DEFERRED = 8, LAST_MS = 100 /* for the last answer, a line at 115200 baud */ };

/* A line that a search or a change goes on for. */
struct deferred_line {
    size_t size;
    uint64_t ticket; /* see serve_pending() */
    char bytes[SERVE_LINE];
};

struct port {
    struct serve *serve;
    char device[TTY_NAME];
    unsigned baud;
    int fd;                  /* -1: not there */
    int inner;               /* to CoAP's own port; -1: none */
    bool told;               /* that it is not there */
    double tried_ms, got_ms; /* last try to open it; last byte */
    struct framing framing;
    struct serve_client client;
    struct deferred_line deferred[DEFERRED];
    size_t deferred_count;
    size_t first, queued; /* bytes that wait to be sent */
    uint8_t queue[QUEUE];
};

struct serial {
    struct port ports[SERVE_SERIALS];
    size_t count;
};

/* ---- the device ---- */

static void forget_deferred(struct port *p) {
    while (p->deferred_count) p->serve->context.waiting -= !p->deferred[--p->deferred_count].ticket;
}

static void lose(struct port *p, const char *why) {
    if (!p->told) log_warn("%s: %s: waiting for it", p->device, why);
    p->told = true;
    tty_close(p->fd, 0);
    p->fd = -1;
    p->queued = p->first = 0;
    forget_deferred(p);
    p->framing = (struct framing){.size = 0};
    p->client = (struct serve_client){.may_change = true, .proved = true, .may_watch = true};
}

/* A fault is logged once, until the device was there again. */
static void try_open(struct port *p, double now_ms) {
    if (p->fd >= 0 || (p->tried_ms > 0 && now_ms - p->tried_ms < RETRY_MS)) return;
    p->tried_ms = now_ms;
    p->fd = tty_open(p->device, p->baud);
    if (p->fd < 0) {
        lose(p, strerror(errno));
        return;
    }
    if (p->told) log_info("%s: there again", p->device);
    p->told = false;
}

/* Messages go to CoAP as from this address of loopback, which tells it nothing that it does not know: the line may
 * change. */
static int open_inner(uint16_t port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = port ? socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0 || !connect(fd, (const struct sockaddr *)&to, sizeof to)) return fd;
    close(fd);
    return -1;
}

static int serial_open(struct serve *serve, const struct serve_params *params, void **self) {
    int status = OCELLI_OK;
    if (!params->serial[0]) return status;
    struct serial *s = *self = calloc(1, sizeof *s);
    if (!s) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    for (; !status && s->count < SERVE_SERIALS && params->serial[s->count]; s->count++) {
        struct port *p = &s->ports[s->count];
        p->serve = serve, p->fd = -1;
        p->inner = -1;
        status = tty_spec(params->serial[s->count], p->device, &p->baud);
        if (status) continue;
        p->inner = open_inner(serve->inner_port);
        p->client = (struct serve_client){.may_change = true, .proved = true, .may_watch = true};
        try_open(p, clock_ms());
    }
    return status;
}

static void serial_close(void **self) {
    struct serial *s = *self;
    for (size_t i = 0; i < s->count; i++) {
        tty_close(s->ports[i].fd, LAST_MS);
        if (s->ports[i].inner >= 0) close(s->ports[i].inner);
    }
    free(s);
    *self = NULL;
}

static void serial_drop_output(void *self) {
    const struct serial *s = self;
    for (size_t i = 0; i < s->count; i++) tty_drop_output(s->ports[i].fd);
}

/* ---- out ---- */

/* Whole or not at all: half a line would spoil the next too. */
static void queue(struct port *p, const void *bytes, size_t size) {
    if (p->first) memmove(p->queue, p->queue + p->first, p->queued);
    p->first = 0;
    if (p->fd < 0 || size > QUEUE - p->queued) return;
    memcpy(p->queue + p->queued, bytes, size);
    p->queued += size;
}

/* Without it pushes wait, as far as the last changes are kept. */
static bool room_to_push(const struct port *p) {
    return p->fd >= 0 && QUEUE - p->queued >= SERVE_LINE;
}

static void flush(struct port *p) {
    while (p->fd >= 0 && p->queued) {
        ssize_t wrote = write(p->fd, p->queue + p->first, p->queued);
        if (wrote < 0 && errno != EAGAIN && errno != EINTR) lose(p, strerror(errno));
        if (wrote <= 0) return;
        p->first += (size_t)wrote, p->queued -= (size_t)wrote;
    }
}

/* ---- in ---- */

/* A request that comes twice gets one answer. false: no place for it. */
static bool wait_for_it(struct port *p, const char *line, size_t length) {
    for (size_t i = 0; i < p->deferred_count; i++)
        if (p->deferred[i].size == length && !memcmp(p->deferred[i].bytes, line, length)) return true;
    if (p->deferred_count == DEFERRED) return false;
    struct deferred_line *l = &p->deferred[p->deferred_count++];
    l->size = length, l->ticket = p->serve->context.origin.ticket;
    memcpy(l->bytes, line, length);
    p->serve->context.waiting += !l->ticket;
    return true;
}

static void answer_line(struct port *p, const char *line, size_t length, uint64_t ticket, double now_ms) {
    char answer[SERVE_LINE];
    p->serve->context.origin =
        (struct serve_origin){.client = serve_number_of(SERVE_NUMBER, p->device, strlen(p->device)),
                              .may_wait = p->deferred_count < DEFERRED,
                              .ticket = ticket};
    size_t size = serve_line(&p->serve->context, &p->client, now_ms, line, length, answer);
    if (size == SERVE_LINE_DEFERRED && wait_for_it(p, line, length)) return;
    if (size == SERVE_LINE_DEFERRED) size = serve_line_error(&p->client, SERVE_BUSY, line, length, answer);
    queue(p, answer, size);
}

/* As on UDP: from the last to the first. */
static void answer_deferred(struct port *p, double now_ms) {
    for (size_t i = p->deferred_count; i--;) {
        struct deferred_line l;
        if (serve_pending(p->serve, p->deferred[i].ticket)) continue;
        l = p->deferred[i];
        p->deferred[i] = p->deferred[--p->deferred_count];
        p->serve->context.waiting -= !l.ticket;
        answer_line(p, l.bytes, l.size, l.ticket, now_ms);
    }
}

static void take(struct port *p, uint8_t byte, double now_ms) {
    enum framing_kind kind = framing_take(&p->framing, byte);
    if (kind == FRAMING_LINE) answer_line(p, (const char *)p->framing.bytes, p->framing.size, 0, now_ms);
    if (kind == FRAMING_COAP && p->inner >= 0 && send(p->inner, p->framing.bytes, p->framing.size, 0) < 0)
        return; /* lost: it is sent again */
}

static void read_port(struct port *p, double now_ms) {
    uint8_t bytes[1024];
    ssize_t size = read(p->fd, bytes, sizeof bytes);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) lose(p, size ? strerror(errno) : "hung up");
    for (ssize_t i = 0; i < size; i++) take(p, bytes[i], now_ms);
    if (size > 0) p->got_ms = now_ms;
}

static void read_inner(struct port *p) {
    uint8_t message[FRAMING_MESSAGE], frame[FRAMING_FRAME];
    ssize_t size;
    while ((size = recv(p->inner, message, sizeof message, MSG_TRUNC)) > 0)
        if ((size_t)size <= sizeof message) queue(p, frame, framing_frame(message, (size_t)size, frame));
}

/* ---- the loop ---- */

static size_t serial_wait(void *self, struct pollfd *fds, int *timeout_ms) {
    struct serial *s = self;
    for (size_t i = 0; i < s->count; i++) {
        const struct port *p = &s->ports[i];
        int most = p->framing.state != FRAMING_IN_TEXT ? 200 : 1000;
        serve_wait_most(timeout_ms, most);
        bool behind = p->client.watch.on && p->client.watch.seen < p->serve->context.events.count;
        if (behind && room_to_push(p)) *timeout_ms = 0;
        fds[2 * i] = (struct pollfd){p->fd, (short)(POLLIN | (p->queued ? POLLOUT : 0)), 0};
        fds[2 * i + 1] = (struct pollfd){p->inner, POLLIN, 0};
    }
    return 2 * s->count;
}

static void step_port(struct port *p, const struct pollfd *fds, double now_ms) {
    char push[SERVE_LINE];
    size_t size;
    answer_deferred(p, now_ms);
    if (p->fd >= 0 && fds[0].revents) read_port(p, now_ms);
    if (p->framing.state != FRAMING_IN_TEXT && now_ms - p->got_ms > FRAMING_IDLE_MS) framing_idle(&p->framing);
    if (p->inner >= 0 && fds[1].revents) read_inner(p);
    while (room_to_push(p) && (size = serve_line_push(&p->serve->context, &p->client, now_ms, push)))
        queue(p, push, size);
    flush(p);
    try_open(p, now_ms);
}

static void serial_step(void *self, const struct pollfd *fds, size_t count, double now_ms) {
    struct serial *s = self;
    for (size_t i = 0; 2 * i < count; i++) step_port(&s->ports[i], fds + 2 * i, now_ms);
}

const struct serve_transport serve_transport_serial = {"serial",    serial_open,  serial_wait,
                                                       serial_step, serial_close, serial_drop_output};
