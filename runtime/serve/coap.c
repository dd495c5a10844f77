/* SPDX-License-Identifier: Apache-2.0
 * CoAP (RFC 7252) and DTLS through libcoap. */
#include "serve/coap.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "serve/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- endpoints ---- */

static coap_endpoint_t *listen_at(struct serve_coap *c, const struct sockaddr_storage *at, socklen_t size,
                                  coap_proto_t proto) {
    coap_address_t a;
    coap_address_init(&a);
    a.size = size;
    memcpy(&a.addr, at, size);
    return coap_new_endpoint(c->context, &a, proto);
}

/* libcoap sets SO_REUSEADDR, by which two programs could have one port: a change meant for one would come to the other.
 * So the port is taken by a socket without it, which only works when nobody has it. Only then it shares the port with
 * libcoap's, which gives up the option before this one is closed: at no time could another that is as careful have come
 * between. */
static coap_endpoint_t *listen_alone(struct serve_coap *c, int guard, uint16_t port, coap_proto_t proto) {
    const int on = 1, off = 0;
    struct sockaddr_storage at = {0};
    socklen_t size = sizeof at;
    getsockname(guard, (struct sockaddr *)&at, &size);
    setsockopt(guard, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    coap_endpoint_t *e = listen_at(c, &at, size, proto);
    int fd = e ? serve_filter_find(port, guard) : -1;
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof off);
    if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC); /* and no child process should keep it */
    close(guard);
    return e ? e : listen_at(c, &at, size, proto); /* a libcoap that does not set it */
}

/* *used stays 0 when the port is not to be served. */
static int open_port(struct serve_coap *c, const char *address, int port, int standard, coap_proto_t proto,
                     uint16_t *used) {
    const struct serve_params where = {.address = address};
    int guard;
    if (port == SERVE_NO_PORT) return OCELLI_OK;
    if (!port) port = standard;
    int status = serve_bind(&where, &port, &guard);
    if (status) return status;
    if (!listen_alone(c, guard, (uint16_t)port, proto))
        return log_fail(OCELLI_ERR_DEVICE, "UDP port %d: CoAP cannot listen: end what uses it, or choose another",
                        port);
    *used = (uint16_t)port;
    return OCELLI_OK;
}

/* ---- who is heard ---- */

/* libcoap answers pings and errors before a handler is asked, and signals of TCP on UDP too; it keeps no door for
 * others than its own sockets. */
static void filter(struct serve_coap *c, uint16_t port, bool dtls, bool first) {
    struct serve_network networks[SERVE_NETWORKS + SERVE_NETWORKS_ALWAYS];
    size_t count = serve_access_networks(&c->serve->access, networks);
    bool all = c->serve->access.reach == SERVE_ALL;
    int fd = port ? serve_filter_find(port, -1) : -1;
    bool good = !port || serve_filter_set(fd, all ? NULL : networks, count, !dtls);
    if (good && port && first) serve_filter_drain(fd);
    if (good) return;
    if (!c->told) log_warn("port %d: %s: who may not ask gets empty answers and errors", port, strerror(errno));
    c->told = true;
}

/* As the interfaces are now; at most every 10 s. */
static void filter_ports(struct serve_coap *c, double now_ms) {
    serve_access_refresh(&c->serve->access, now_ms);
    if (c->filtered_ms == c->serve->access.read_ms) return;
    bool first = c->filtered_ms <= 0;
    c->filtered_ms = c->serve->access.read_ms;
    filter(c, c->serve->coap_port, false, first);
    filter(c, c->serve->coaps_port, true, first);
}

/* ---- keys ---- */

static const coap_bin_const_t *find_key(coap_bin_const_t *identity, coap_session_t *session, void *user) {
    struct serve_coap *c = user;
    const struct psk_key *k = psk_find(&c->psk, identity->s, identity->length);
    (void)session;
    if (!k) return NULL;
    c->psk_key = (coap_bin_const_t){k->size, k->key};
    return &c->psk_key;
}

static int read_keys(struct psk *psk, const char *file) {
    int status = psk_read(psk, file);
    if (status || coap_dtls_is_supported()) return status;
    psk_finish(psk);
    return log_fail(OCELLI_ERR_USAGE,
                    "%s: libcoap was built without DTLS: install libcoap3's OpenSSL or GnuTLS variant", file);
}

int serve_check_keys(const char *psk_file) {
    struct psk psk;
    int status = read_keys(&psk, psk_file);
    if (!status) psk_finish(&psk);
    return status;
}

bool serve_has_coap(void) {
    return true;
}

static int open_dtls(struct serve_coap *c, const struct serve_params *params) {
    if (!params->psk_file) return OCELLI_OK;
    int status = read_keys(&c->psk, params->psk_file);
    if (status) return status;
    coap_dtls_spsk_t spsk = {
        .version = COAP_DTLS_SPSK_SETUP_VERSION, .validate_id_call_back = find_key, .id_call_back_arg = c};
    spsk.psk_info.hint = (coap_bin_const_t){6, (const uint8_t *)"ocelli"};
    spsk.psk_info.key = (coap_bin_const_t){c->psk.keys[0].size, c->psk.keys[0].key};
    if (!coap_context_set_psk2(c->context, &spsk))
        return log_fail(OCELLI_ERR_MEMORY, "%s: libcoap took no keys", params->psk_file);
    return open_port(c, params->address, params->coaps_port, SERVE_COAPS_PORT, COAP_PROTO_DTLS, &c->serve->coaps_port);
}

/* ---- resources ---- */

static coap_resource_t *add_resource(struct serve_coap *c, const char *path, bool observed) {
    coap_resource_t *r = coap_resource_init(coap_make_str_const(path), COAP_RESOURCE_FLAGS_NOTIFY_NON);
    if (!r) return NULL;
    coap_resource_set_userdata(r, c);
    coap_resource_set_get_observable(r, observed);
    coap_add_resource(c->context, r);
    if (observed) c->observed[c->observed_count++] = r;
    return r;
}

/* One resource a path; methods are its rows. */
static int add_resources(struct serve_coap *coap) {
    coap_resource_t *r = NULL;
    const char *last = "";
    for (size_t i = 0; i < serve_row_count; i++) {
        const struct serve_row *row = &serve_rows[i];
        if (!row->path) continue;
        if (strcmp(last, row->path)) r = add_resource(coap, last = row->path, row->observed);
        if (!r) return log_fail(OCELLI_ERR_MEMORY, "CoAP: out of memory");
        coap_register_request_handler(r, (coap_request_t)row->method, serve_coap_handle);
    }
    static const char *const others[] = {"frame", ".well-known/core"};
    for (int i = 0; i < 2; i++) {
        r = add_resource(coap, others[i], false);
        if (!r) return log_fail(OCELLI_ERR_MEMORY, "CoAP: out of memory");
        coap_register_request_handler(r, COAP_REQUEST_GET, serve_coap_handle);
    }
    return OCELLI_OK;
}

/* ---- the transport ---- */

/* Forged packets reach it: what it says of them would fill the log. */
static void ignore(coap_log_t level, const char *message) {
    (void)level, (void)message;
}

static int hear_event(coap_session_t *session, const coap_event_t event) {
    if (event == COAP_EVENT_SERVER_SESSION_DEL) observe_forget(session);
    return 0;
}

static int coap_open(struct serve *serve, const struct serve_params *params, void **self) {
    if (params->coap_port == SERVE_NO_PORT && !params->psk_file && !params->serial[0]) return OCELLI_OK;
    struct serve_coap *c = *self = calloc(1, sizeof *c);
    if (!c) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    c->serve = serve;
    c->deferred.waiting = &serve->context.waiting;
    coap_startup();
    coap_set_log_handler(ignore);
    c->context = coap_new_context(NULL);
    int status = c->context ? serve_clients_init(&c->clients) : log_fail(OCELLI_ERR_MEMORY, "CoAP: out of memory");
    if (status) return status;
    coap_context_set_block_mode(c->context, COAP_BLOCK_USE_LIBCOAP);
    coap_context_set_max_idle_sessions(c->context, COAP_IDLE_SESSIONS);
    coap_context_set_max_handshake_sessions(c->context, COAP_HANDSHAKES);
    coap_register_event_handler(c->context, hear_event);
    status = add_resources(c);
    if (!status) status = open_dtls(c, params);
    if (!status)
        status = open_port(c, params->address, params->coap_port, SERVE_COAP_PORT, COAP_PROTO_UDP, &serve->coap_port);
    if (!status && params->serial[0])
        status = open_port(c, "127.0.0.1", SERVE_ANY_PORT, 0, COAP_PROTO_UDP, &serve->inner_port);
    if (!status) filter_ports(c, clock_ms());
    descriptors_close_on_exec(); /* libcoap's have no O_CLOEXEC */
    return status;
}

static void coap_close(void **self) {
    struct serve_coap *c = *self;
    deferred_finish(&c->deferred);
    uploads_finish(&c->uploads);
    if (c->context) coap_free_context(c->context);
    coap_cleanup();
    psk_finish(&c->psk);
    free(c);
    *self = NULL;
}

/* libcoap's epoll holds its timers too; without epoll it is looked to every 50 ms. */
static size_t coap_wait(void *self, struct pollfd *fds, int *timeout_ms) {
    struct serve_coap *c = self;
    int fd = coap_context_get_coap_fd(c->context), most = fd < 0 ? 50 : 1000;
    serve_wait_most(timeout_ms, most);
    if (c->notified != c->serve->context.events.count) *timeout_ms = 0;
    if (deferred_fired(&c->deferred) && *timeout_ms) *timeout_ms = 1;
    fds[0] = (struct pollfd){fd, POLLIN, 0};
    return 1;
}

static void coap_step(void *self, const struct pollfd *fds, size_t count, double now_ms) {
    struct serve_coap *c = self;
    (void)fds, (void)count;
    filter_ports(c, now_ms);
    uploads_sweep(&c->uploads, now_ms);
    if (c->notified != c->serve->context.events.count)
        for (size_t i = 0; i < c->observed_count; i++) coap_resource_notify_observers(c->observed[i], NULL);
    c->notified = c->serve->context.events.count;
    coap_io_process(c->context, COAP_IO_NO_WAIT); /* what came meanwhile finds those who wait still waiting */
    deferred_fire(&c->deferred, c->serve, now_ms);
}

const struct serve_transport serve_transport_coap = {"coap", coap_open, coap_wait, coap_step, coap_close};
