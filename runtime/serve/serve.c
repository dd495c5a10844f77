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
static const struct serve_transport *const transports[] = {&serve_transport_coap, &serve_transport_udp,
                                                           &serve_transport_serial, &serve_transport_web,
                                                           &serve_transport_mqtt};
enum { TRANSPORTS = sizeof transports / sizeof transports[0] };
_Static_assert(TRANSPORTS == sizeof((struct serve *)0)->self / sizeof(void *), "each has its place");

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
    s->callbacks = *params->callbacks;
    s->waker = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->waker < 0) status = log_fail(OCELLI_ERR_MEMORY, "eventfd: %s", strerror(errno));
    s->context.callbacks = &s->callbacks;
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

void serve_wake(struct serve *serve) {
    const uint64_t one = 1;
    if (write(serve->waker, &one, sizeof one) < 0) return; /* full: it wakes as it is */
}

void serve_drop_output(struct serve *serve) {
    for (int i = 0; i < TRANSPORTS; i++)
        if (serve->self[i] && transports[i]->drop_output) transports[i]->drop_output(serve->self[i]);
}

bool serve_pending(const struct serve *serve, uint64_t ticket) {
    if (ticket) return serve->callbacks.pending && serve->callbacks.pending(serve->callbacks.user, ticket);
    return serve->callbacks.search && serve->callbacks.searching(serve->callbacks.user);
}

static void sleep_again(struct serve *s) {
    uint64_t count;
    if (read(s->waker, &count, sizeof count) < 0) return; /* nobody woke it */
}

void serve_poll(struct serve *serve, int timeout_ms) {
    struct pollfd fds[SERVE_FDS];
    size_t first[TRANSPORTS + 1] = {0};
    for (int i = 0; i < TRANSPORTS; i++)
        first[i + 1] =
            first[i] + (serve->self[i] ? transports[i]->wait(serve->self[i], fds + first[i], &timeout_ms) : 0);
    size_t count = first[TRANSPORTS];
    fds[count++] = (struct pollfd){serve->waker, POLLIN, 0};
    if (poll(fds, count, timeout_ms) < 0)
        for (size_t i = 0; i < count; i++) fds[i].revents = 0; /* a signal: the caller looks to it */
    if (fds[count - 1].revents) sleep_again(serve);
    for (int i = 0; i < TRANSPORTS; i++)
        if (serve->self[i]) transports[i]->step(serve->self[i], fds + first[i], first[i + 1] - first[i], clock_ms());
}

void serve_push(struct serve *serve, const struct tagger_event *events, size_t count) {
    for (size_t i = 0; i < count; i++) serve_events_add(&serve->context.events, &events[i]);
}

const char *serve_fault(const struct serve *serve) {
    return serve->fault;
}

uint16_t serve_udp_port(const struct serve *serve) {
    return serve->udp_port;
}

uint16_t serve_coap_port(const struct serve *serve) {
    return serve->coap_port;
}

uint16_t serve_coaps_port(const struct serve *serve) {
    return serve->coaps_port;
}

uint16_t serve_web_port(const struct serve *serve) {
    return serve->web_port;
}
