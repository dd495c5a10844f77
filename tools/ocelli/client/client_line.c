/* SPDX-License-Identifier: Apache-2.0
 * The line form, over UDP and serial. Requests carry ids and checksums; what comes back without a right one never was.
 */
#include "base/clock.h"
#include "base/log.h"
#include "ocelli/client/client.h"
#include "serve/crc.h"
#include "serve/serve.h"
#include "serve/tty.h"
#include "serve/framing.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 4, REFUSALS = 2, PUSHES = 32, RENEW_MS = 20000, SEND_MS = 10000 };

struct line {
    int fd;
    bool datagrams;
    unsigned id;
    struct framing framing;
    char text[SERVE_LINE + 2];         /* the last good line, without its checksum */
    char push[PUSHES][SERVE_LINE + 2]; /* that came while an answer was waited for */
    size_t first, pushes;
    double asked_ms; /* watch */
    bool heard;      /* a good line came */
    int refusals;    /* of a port where nothing listens */
    uint8_t bytes[2048];
    size_t at, got; /* bytes that were read and not looked at */
};

/* ---- opening ---- */

/* Not that of who asked on this wire just before. */
static unsigned first_id(void) {
    return (unsigned)clock_ms() << 8 ^ (unsigned)getpid();
}

static int open_udp(struct client *c) {
    struct addrinfo *all;
    struct line *l = c->self = calloc(1, sizeof *l);
    if (!l) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    l->fd = -1, l->datagrams = true, l->id = first_id();
    int status = client_resolve(c, SERVE_UDP_PORT, &all);
    if (status) return status;
    l->fd = socket(all->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool fault = l->fd < 0 || connect(l->fd, all->ai_addr, all->ai_addrlen);
    freeaddrinfo(all);
    return fault ? log_fail(OCELLI_ERR_DEVICE, "%s: %s", c->uri, strerror(errno)) : OCELLI_OK;
}

static int open_serial(struct client *c) {
    char device[TTY_NAME];
    unsigned baud;
    struct line *l = c->self = calloc(1, sizeof *l);
    if (!l) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    l->fd = -1, l->id = first_id();
    int status = tty_spec(c->rest, device, &baud);
    if (status) return status;
    l->fd = tty_open(device, baud);
    if (l->fd < 0) return log_fail(OCELLI_ERR_DEVICE, "%s: %s", device, strerror(errno));
    /* Ends noise; LF behind a stray 0xC0 would begin a frame. */
    return write(l->fd, "\r", 1) == 1 ? OCELLI_OK : log_fail(OCELLI_ERR_DEVICE, "%s: %s", device, strerror(errno));
}

static void close_line(struct client *c) {
    struct line *l = c->self;
    if (l->fd >= 0) close(l->fd);
    free(l);
}

/* ---- lines in and out ---- */

static int send_all(struct client *client, const char *line, size_t size) {
    struct line *l = client->self;
    double until = clock_ms() + SEND_MS;
    for (size_t sent = 0; sent < size;) {
        if (clock_ms() > until)
            return log_fail(OCELLI_ERR_DEVICE, "%s: it takes no bytes: is it held up?", client->uri);
        struct pollfd p = {l->fd, POLLOUT, 0};
        poll(&p, 1, 1000);
        ssize_t wrote = write(l->fd, line + sent, size - sent);
        if (wrote > 0)
            sent += (size_t)wrote;
        else if (wrote < 0 && errno == ECONNREFUSED)
            l->refusals++; /* what was sent before */
        else if (wrote < 0 && errno != EAGAIN && errno != EINTR)
            return log_fail(OCELLI_ERR_DEVICE, "%s: %s", client->uri, strerror(errno));
    }
    return OCELLI_OK;
}

/* A board that has answered may be starting anew. */
static bool refused(const struct line *l) {
    return !l->heard && l->refusals >= REFUSALS;
}

/* Is wire->bytes a line with a right checksum? Then it is l->text, without it. */
static bool take(struct line *l) {
    const char *bytes = (const char *)l->framing.bytes;
    size_t size = l->framing.size;
    char *end;
    if (size < 9 || size > SERVE_LINE || bytes[size - 9] != '*') return false;
    memcpy(l->text, bytes, size);
    l->text[size] = 0;
    if (strtoul(l->text + size - 8, &end, 16) != serve_crc32(bytes, size - 9) || *end) return false;
    l->text[size - 9] = 0;
    return l->heard = true;
}

/* false: nothing until then. The next write reports a device that is gone. */
static bool receive(struct line *l, double until_ms) {
    for (;;) {
        while (l->at < l->got)
            if (framing_take(&l->framing, l->bytes[l->at++]) == FRAMING_LINE && take(l)) return true;
        double left = until_ms - clock_ms();
        struct pollfd p = {l->fd, POLLIN, 0};
        if (left <= 0 || refused(l) || poll(&p, 1, (int)left + 1) == 0) return false;
        ssize_t size = read(l->fd, l->bytes, sizeof l->bytes - 1);
        if (size < 0 && errno == ECONNREFUSED) l->refusals++;
        if (size <= 0) poll(NULL, 0, 20);
        l->at = 0, l->got = size > 0 ? (size_t)size : 0;
        if (size > 0 && l->datagrams) l->bytes[l->got++] = '\n';
    }
}

static void keep_push(struct line *l) {
    if (l->pushes == PUSHES) l->first = (l->first + 1) % PUSHES, l->pushes--; /* n tells of it */
    strcpy(l->push[(l->first + l->pushes++) % PUSHES], l->text);
}

static bool is_push(const struct line *l) {
    return strstr(l->text, "\"push\":\"alive\"") || strstr(l->text, "\"push\":\"change\"");
}

/* ---- requests ---- */

/* "#ID WORDS*XXXXXXXX\n", each word in quotes. 0: it does not fit. */
static size_t write_request(struct line *l, const char *const *arguments, size_t count, char to[SERVE_LINE + 1],
                            char head[24]) {
    size_t used = (size_t)snprintf(to, SERVE_LINE, "#q%x", ++l->id);
    snprintf(head, 24, "{\"id\":\"q%x\",", l->id);
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(to + used, SERVE_LINE - used, " \"");
        for (const char *c = arguments[i]; *c && used + 13 < SERVE_LINE; c++) {
            if (*c == '"' || *c == '\\') to[used++] = '\\';
            to[used++] = *c;
        }
        if (used + 13 >= SERVE_LINE) return 0;
        to[used++] = '"';
    }
    return used + (size_t)snprintf(to + used, SERVE_LINE + 1 - used, "*%08X\n", serve_crc32(to, used));
}

static int exchange(struct client *client, const char *const *arguments, size_t count) {
    struct line *l = client->self;
    char line[SERVE_LINE + 1], head[24];
    size_t size = write_request(l, arguments, count, line, head);
    if (!size) return log_fail(OCELLI_ERR_USAGE, "%s: a request is at most %d bytes", client->uri, SERVE_LINE);
    for (int attempt = 0; attempt < TRIES; attempt++) {
        int status = send_all(client, line, size);
        double until = clock_ms() + 1000 * (1 << attempt);
        while (!status && receive(l, until)) {
            if (is_push(l))
                keep_push(l);
            else if (!strncmp(l->text, head, strlen(head)))
                return OCELLI_OK;
        }
        if (status) return status;
        if (refused(l)) return log_fail(OCELLI_ERR_DEVICE, "%s: nothing listens there", client->uri);
    }
    return log_fail(OCELLI_ERR_DEVICE, "%s: no answer: is it on, and may this machine ask it?", client->uri);
}

static const char *text_of(const cJSON *answer, const char *key, const char *otherwise) {
    const cJSON *v = cJSON_GetObjectItem(answer, key);
    return cJSON_IsString(v) ? v->valuestring : otherwise;
}

/* The address proves itself: docs/protocol.md, "Who may ask". */
static int prove(struct client *c, const char *const *arguments, size_t count) {
    const struct line *l = c->self;
    cJSON *answer = cJSON_Parse(l->text);
    const char *const ping[] = {"ping", text_of(answer, "proof", "")};
    int status = exchange(c, ping, 2);
    cJSON_Delete(answer);
    return status ? status : exchange(c, arguments, count);
}

/* Of the answer that came last. */
static int check(struct client *c, const char *verb) {
    const struct line *l = c->self;
    if (!strstr(l->text, ",\"ok\":false,")) return OCELLI_OK;
    cJSON *answer = cJSON_Parse(l->text);
    const char *error = text_of(answer, "error", "failed"), *message = text_of(answer, "message", "the board says no");
    size_t length = strlen(error);
    bool said = !strncmp(message, error, length) && message[length] == ':'; /* "usage: set NAME VALUE..." */
    log_error("%s: %s: %s%s%s", c->uri, verb, said ? "" : error, said ? "" : ": ", message);
    cJSON_Delete(answer);
    return OCELLI_ERR_FILE;
}

static int ask(struct client *c, const char *const *arguments, size_t count, const char **json) {
    struct line *l = c->self;
    int status = exchange(c, arguments, count);
    *json = l->text;
    if (!status && strstr(l->text, ",\"ok\":false,\"error\":\"prove\"") && strcmp(arguments[0], "ping"))
        status = prove(c, arguments, count);
    return status ? status : check(c, arguments[0]);
}

static int watch(struct client *c) {
    struct line *l = c->self;
    const char *const arguments[] = {"watch"};
    const char *json;
    l->asked_ms = clock_ms();
    return ask(c, arguments, 1, &json);
}

static int next(struct client *client, int timeout_ms, const char **json) {
    struct line *l = client->self;
    double until = clock_ms() + CLIENT_SILENCE_MS, wanted = timeout_ms < 0 ? INFINITY : clock_ms() + timeout_ms;
    for (*json = l->text; clock_ms() < until;) {
        if (l->pushes) {
            strcpy(l->text, l->push[l->first]);
            l->first = (l->first + 1) % PUSHES, l->pushes--;
            return OCELLI_OK;
        }
        if (clock_ms() - l->asked_ms > RENEW_MS) {
            if (watch(client)) return OCELLI_ERR_DEVICE;
            until = clock_ms() + CLIENT_SILENCE_MS; /* it answered */
        }
        if (!l->pushes && receive(l, fmin(wanted, l->asked_ms + RENEW_MS + 1)) && is_push(l)) return OCELLI_OK;
        if (!l->pushes && clock_ms() >= wanted) {
            *json = NULL;
            return OCELLI_OK;
        }
    }
    return log_fail(OCELLI_ERR_DEVICE, "%s: nothing for %d s: it is gone", client->uri, CLIENT_SILENCE_MS / 1000);
}

const struct client_kind client_udp = {"udp:", false, false, open_udp, ask, watch, next, close_line};
const struct client_kind client_serial = {"serial:", false, false, open_serial, ask, watch, next, close_line};
