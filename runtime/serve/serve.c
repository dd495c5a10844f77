/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/serve.h"
#include "base/clock.h"
#include "base/log.h"
#include "serve/transport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

int serve_open(struct serve **out, const struct serve_params *params) {
    struct serve *s = *out = calloc(1, sizeof *s);
    int status = OCELLI_OK;
    if (!s) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    s->board = *params->board;
    s->context.board = &s->board;
    s->access.reach = params->reach;
    s->access.rate = params->rate < 0 ? 0 : params->rate > 0 ? params->rate : 50;
    s->access.burst = params->burst > 0 ? params->burst : 100;
    for (int i = 0; !status && i < TRANSPORTS; i++) status = transports[i]->open(s, params, &s->self[i]);
    if (status) serve_close(out);
    return status;
}

void serve_close(struct serve **serve) {
    if (!serve || !*serve) return;
    for (int i = TRANSPORTS - 1; i >= 0; i--)
        if ((*serve)->self[i]) transports[i]->close(&(*serve)->self[i]);
    free(*serve);
    *serve = NULL;
}

void serve_poll(struct serve *s, int timeout_ms) {
    struct pollfd fds[SERVE_FDS];
    size_t first[TRANSPORTS + 1] = {0};
    for (int i = 0; i < TRANSPORTS; i++)
        first[i + 1] = first[i] + (s->self[i] ? transports[i]->wait(s->self[i], fds + first[i], &timeout_ms) : 0);
    if (poll(fds, first[TRANSPORTS], timeout_ms) < 0)
        for (size_t i = 0; i < first[TRANSPORTS]; i++) fds[i].revents = 0; /* a signal: the caller looks to it */
    for (int i = 0; i < TRANSPORTS; i++)
        if (s->self[i]) transports[i]->step(s->self[i], fds + first[i], first[i + 1] - first[i], clock_ms());
}

void serve_push(struct serve *s, const struct tagger_event *events, size_t count) {
    struct serve_view view;
    double now = clock_ms();
    if (!count) return;
    s->board.view(s->board.user, &view);
    double taken = isnan(view.age_ms) ? now : now - view.age_ms;
    for (size_t i = 0; i < count; i++) serve_events_add(&s->context.events, &events[i], taken);
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
