/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/serve.h"
#include "base/clock.h"
#include "base/log.h"
#include "serve/transport.h"
#include "serve/tty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* CoAP first: serial lines hand their messages to it. */
static const struct serve_transport *const transports[] = {&serve_transport_coap, &serve_transport_udp, &serve_transport_serial};
enum { TRANSPORTS = sizeof transports / sizeof transports[0] };

bool serve_reach_find(enum serve_reach *reach, const char *name) {
    static const char *const names[] = {"attached", "loopback", "all"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(names[i], name)) {
            *reach = (enum serve_reach)i;
            return true;
        }
    return false;
}

int serve_check_serial(const char *serial) {
    char device[TTY_NAME];
    unsigned baud;
    return tty_spec(serial, device, &baud);
}

int serve_open(struct serve **out, const struct serve_params *params) {
    struct serve *s = *out = calloc(1, sizeof *s);
    int status = OCELLI_OK;
    if (!s) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    s->board = *params->board;
    s->waker = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->waker < 0) status = log_fail(OCELLI_ERR_MEMORY, "eventfd: %s", strerror(errno));
    s->context.board = &s->board;
    s->access.reach = params->reach;
    s->access.rate = params->rate < 0 ? 0 : params->rate > 0 ? params->rate : 50;
    s->access.burst = params->burst >= 1 ? params->burst : params->burst > 0 ? 1 : 100;
    for (int i = 0; !status && i < TRANSPORTS; i++) status = transports[i]->open(s, params, &s->self[i]);
    if (status) serve_close(out);
    return status;
}

void serve_close(struct serve **serve) {
    if (!serve || !*serve) return;
    for (int i = TRANSPORTS - 1; i >= 0; i--)
        if ((*serve)->self[i]) transports[i]->close(&(*serve)->self[i]);
    serve_pages_finish(&(*serve)->context.pages);
    if ((*serve)->waker >= 0) close((*serve)->waker);
    free(*serve);
    *serve = NULL;
}

void serve_wake(struct serve *s) {
    const uint64_t one = 1;
    if (write(s->waker, &one, sizeof one) < 0) return; /* full: it wakes as it is */
}

void serve_drop_output(struct serve *s) {
    for (int i = 0; i < TRANSPORTS; i++)
        if (s->self[i] && transports[i]->drop_output) transports[i]->drop_output(s->self[i]);
}

bool serve_pending(const struct serve *s, uint64_t ticket) {
    if (ticket) return s->board.pending && s->board.pending(s->board.user, ticket);
    return s->board.search && s->board.searching(s->board.user);
}

static void sleep_again(struct serve *s) {
    uint64_t count;
    if (read(s->waker, &count, sizeof count) < 0) return; /* nobody woke it */
}

void serve_poll(struct serve *s, int timeout_ms) {
    struct pollfd fds[SERVE_FDS];
    size_t first[TRANSPORTS + 1] = {0};
    for (int i = 0; i < TRANSPORTS; i++)
        first[i + 1] = first[i] + (s->self[i] ? transports[i]->wait(s->self[i], fds + first[i], &timeout_ms) : 0);
    size_t count = first[TRANSPORTS];
    fds[count++] = (struct pollfd){s->waker, POLLIN, 0};
    if (poll(fds, count, timeout_ms) < 0)
        for (size_t i = 0; i < count; i++) fds[i].revents = 0; /* a signal: the caller looks to it */
    if (fds[count - 1].revents) sleep_again(s);
    for (int i = 0; i < TRANSPORTS; i++)
        if (s->self[i]) transports[i]->step(s->self[i], fds + first[i], first[i + 1] - first[i], clock_ms());
}

void serve_push(struct serve *s, const struct tagger_event *events, size_t count) {
    for (size_t i = 0; i < count; i++) serve_events_add(&s->context.events, &events[i]);
}

uint16_t serve_udp_port(const struct serve *s) {
    return s->udp_port;
}

uint16_t serve_coap_port(const struct serve *s) {
    return s->coap_port;
}

uint16_t serve_coaps_port(const struct serve *s) {
    return s->coaps_port;
}
