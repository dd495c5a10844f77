/* SPDX-License-Identifier: Apache-2.0
 * HTTP and HTTPS through libmicrohttpd, in the poll loop of all transports. */
#include "serve/web.h"
#include "base/clock.h"
#include "base/log.h"
#include "serve/web_certificate.h"
#include "serve/web_check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool serve_has_web(char *why, size_t capacity) {
    return libmicrohttpd_open(why, capacity);
}

/* ---- the socket ---- */

static int port_fault(int port) {
    return log_fail(OCELLI_ERR_DEVICE, "web: TCP port %d: %s: end what uses it, or choose another", port,
                    strerror(errno));
}

/* SO_REUSEADDR of a TCP socket only passes over connections that have ended; another that listens is an error. */
static int listen_at(const struct sockaddr *at, socklen_t size, int *fd) {
    const int on = 1, off = 0;
    *fd = socket(at->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0) return errno;
    setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at->sa_family == AF_INET6) setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (!bind(*fd, at, size) && !listen(*fd, 64)) return 0;
    int fault = errno;
    close(*fd);
    *fd = -1;
    return fault;
}

static int open_socket(const struct serve_web_params *p, bool alone, int *fd, uint16_t *used) {
    int port = p->port == SERVE_ANY_PORT ? 0 : p->port;
    struct sockaddr_storage at = {0};
    struct serve_address bound;
    socklen_t size = sizeof at;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
    const char *address = p->address ? p->address : alone ? "127.0.0.1" : NULL;
    if (!address)
        v6->sin6_family = AF_INET6, v6->sin6_port = htons((uint16_t)port);
    else if (inet_pton(AF_INET, address, &v4->sin_addr) == 1)
        v4->sin_family = AF_INET, v4->sin_port = htons((uint16_t)port), size = sizeof *v4;
    else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1)
        v6->sin6_family = AF_INET6, v6->sin6_port = htons((uint16_t)port);
    errno = listen_at((const struct sockaddr *)&at, at.ss_family == AF_INET6 ? sizeof *v6 : size, fd);
    if (errno == EAFNOSUPPORT && !address) { /* a kernel without IPv6 */
        *v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        errno = listen_at((const struct sockaddr *)v4, sizeof *v4, fd);
    }
    if (*fd < 0) return port_fault(port);
    size = sizeof at;
    getsockname(*fd, (struct sockaddr *)&at, &size);
    serve_address_of(&bound, (const struct sockaddr *)&at);
    *used = bound.port;
    return OCELLI_OK;
}

/* ---- connections that send nothing, or slowly ---- */

static void follow(void *user, struct MHD_Connection *connection, void **context,
                   enum MHD_ConnectionNotificationCode what) {
    struct serve_web *web = user;
    struct web_socket *s = *context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        if (!(s = *context = calloc(1, sizeof *s))) return;
        s->connection = connection, s->since_ms = clock_ms();
        s->next = web->sockets.next, s->previous = &web->sockets;
        if (s->next) s->next->previous = s;
        web->sockets.next = s, web->socket_count++;
        return;
    }
    if (!s) return;
    web->socket_count--;
    s->previous->next = s->next;
    if (s->next) s->next->previous = s->previous;
    free(s);
    *context = NULL;
}

/* libmicrohttpd's own limit begins anew with each byte. */
static void sweep(struct serve_web *web, double now_ms) {
    if (now_ms - web->swept_ms < WEB_SWEEP_MS) return;
    web->swept_ms = now_ms;
    for (struct web_socket *s = web->sockets.next; s; s = s->next) {
        if (s->served || s->shut || now_ms - s->since_ms < (s->uploads ? WEB_UPLOAD_MS : WEB_HEAD_MS)) continue;
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(s->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (info) shutdown(info->connect_fd, SHUT_RDWR);
        s->shut = true;
    }
}

/* ---- the transport ---- */

/* It would tell of every connection that breaks. */
static void ignore(void *user, const char *format, va_list values) {
    (void)user, (void)format, (void)values;
}

static int start(struct serve_web *web, int fd) {
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (web->tls ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_KEY, 0, web->key},
                                   {MHD_OPTION_HTTPS_MEM_CERT, 0, web->certificate},
                                   {MHD_OPTION_END, 0, NULL}},
                          none[] = {{MHD_OPTION_END, 0, NULL}};
    web->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, web_handle, web, MHD_OPTION_EXTERNAL_LOGGER, ignore, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_URI_LOG_CALLBACK, web_begin, web, MHD_OPTION_NOTIFY_COMPLETED, web_completed, web,
        MHD_OPTION_NOTIFY_CONNECTION, follow, web, MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_CONNECTIONS,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)WEB_EACH, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)WEB_STALLED_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_MEMORY, MHD_OPTION_ARRAY, web->tls ? tls : none,
        MHD_OPTION_END);
    const union MHD_DaemonInfo *info = web->daemon ? MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (info) web->epoll = info->epoll_fd;
    return info ? OCELLI_OK : log_fail(OCELLI_ERR_DEVICE, "web: libmicrohttpd does not start");
}

/* A person compares the fingerprint in the browser before trusting the board's own certificate. */
static int open_certificate(struct serve_web *web, const struct serve_web_params *p) {
    char fingerprint[WEB_FINGERPRINT];
    int status = p->certificate ? web_certificate_read(p->certificate, p->key, &web->certificate, &web->key)
                                : web_certificate_own(p->state, &web->names, &web->certificate, &web->key);
    if (status) return status;
    web_certificate_fingerprint(web->certificate, fingerprint);
    log_info("web: HTTPS; the SHA-256 fingerprint of the certificate is %s", fingerprint);
    return OCELLI_OK;
}

static int prepare(struct serve_web *web, const struct serve_web_params *p) {
    web->tls = p->certificate || p->https;
    web->alone = !p->password;
    if (gethostname(web->names.own, sizeof web->names.own - 1)) web->names.own[0] = 0;
    web->given = p->host ? strdup(p->host) : NULL;
    web->names.given = web->given;
    if (p->host && !web->given) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = web_login_open(&web->login, web->serve, p->password);
    if (!status && web->tls) status = open_certificate(web, p);
    web_pages_open(web);
    return status;
}

static int web_open(struct serve *serve, const struct serve_params *params, void **self) {
    const struct serve_web_params *p = &params->web;
    char why[SERVE_MESSAGE];
    int fd = -1;
    if (!p->port) return OCELLI_OK;
    if (!serve_has_web(why, sizeof why)) {
        log_warn("%s", why);
        return OCELLI_OK;
    }
    int status = web_check_params(p);
    if (status) return status;
    struct serve_web *web = *self = calloc(1, sizeof *web);
    if (!web) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    web->serve = serve, web->epoll = -1;
    status = prepare(web, p);
    if (!status) status = open_socket(p, web->alone, &fd, &serve->web_port);
    if (!status) status = start(web, fd);
    if (!status && web->alone) log_info("web: this machine alone may ask, as no password is set (ocelli password)");
    return status;
}

/* libmicrohttpd wants none that is suspended at its end. */
static void web_close(void **self) {
    struct serve_web *web = *self;
    web_resume_waiting(web, true);
    web_streams_step(web, clock_ms(), true);
    if (web->daemon) MHD_stop_daemon(web->daemon);
    web_login_close(&web->login);
    web_streams_finish(web);
    web_changes_finish(web);
    web_certificate_free(&web->certificate, &web->key);
    free(web->given);
    free(web);
    *self = NULL;
}

static size_t web_wait_for(void *self, struct pollfd *fds, int *timeout_ms) {
    struct serve_web *web = self;
    MHD_UNSIGNED_LONG_LONG own_ms;
    int most = web->streams.next ? (web->video_count ? 100 : 250) : WEB_SWEEP_MS;
    serve_wait_most(timeout_ms, most);
    if (web->kept != web->serve->context.events.count) *timeout_ms = 0;
    if (MHD_get_timeout(web->daemon, &own_ms) == MHD_YES && own_ms < 1000) serve_wait_most(timeout_ms, (int)own_ms);
    fds[0] = (struct pollfd){web->epoll, POLLIN, 0};
    return 1;
}

static void web_step(void *self, const struct pollfd *fds, size_t count, double now_ms) {
    struct serve_web *web = self;
    (void)count;
    web_changes_take(web, now_ms);
    /* Without a connection too, at each sweep: at the limit of connections libmicrohttpd stops listening, and only
     * steps after the end of some begin again. No event tells of it. */
    if (!web->sockets.next && !(fds[0].revents & (POLLIN | POLLERR)) && now_ms - web->swept_ms < WEB_SWEEP_MS) return;
    web_resume_waiting(web, false);
    web_streams_step(web, now_ms, false);
    sweep(web, now_ms);
    MHD_run(web->daemon);
}

const struct serve_transport serve_transport_web = {"web", web_open, web_wait_for, web_step, web_close};
