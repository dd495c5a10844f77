/* SPDX-License-Identifier: Apache-2.0
 * A web request from its first head to its answer. */
#include "base/clock.h"
#include "serve/code.h"
#include "serve/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *head(const struct web_request *r, const char *name) {
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* ---- what is judged before any byte of a body is read ---- */

/* 0: no such method. */
static enum serve_method method_of(const char *name) {
    static const char *const names[] = {"GET", "POST", "PUT", "DELETE"};
    for (int i = 0; i < 4; i++)
        if (!strcmp(name, names[i])) return (enum serve_method)(SERVE_GET + i);
    return !strcmp(name, "HEAD") ? SERVE_GET : (enum serve_method)0;
}

static enum MHD_Result refuse_method(struct web_request *r, const char *path) {
    static const char *const names[] = {"GET", "POST", "PUT", "DELETE"};
    char allowed[64] = "";
    bool known;
    for (int i = 0; i < 4; i++)
        if (web_route_find(path, (enum serve_method)(SERVE_GET + i), &known))
            snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), "%s%s", *allowed ? ", " : "",
                     names[i]);
    static const char text[] = "{\"error\":\"verb\",\"message\":\"this path has other methods\"}";
    struct MHD_Response *response =
        MHD_create_response_from_buffer(sizeof text - 1, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (response) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allowed);
    return web_send(r, MHD_HTTP_METHOD_NOT_ALLOWED, "application/json", response);
}

static bool judge_address(struct web_request *r, enum MHD_Result *result) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !serve_address_of(&r->from, info->client_addr)) return *result = MHD_NO, false;
    enum serve_verdict verdict = serve_access_judge(&r->web->serve->access, &r->from, clock_ms());
    if (verdict == SERVE_MAY) return true;
    *result = verdict == SERVE_SILENCE ? MHD_NO : web_refuse_as(r, 429, "busy", "too many requests", "1");
    return false;
}

/* Lines that tell where a request ends, or whom it asks: a proxy may have read them in another way. */
struct lines {
    size_t hosts, ends; /* ends: Content-Length and Transfer-Encoding */
    bool odd;
};

static enum MHD_Result count_line(void *user, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                  const char *value, size_t size) {
    struct lines *lines = user;
    bool encoding = !strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    (void)kind, (void)size;
    lines->hosts += !strcasecmp(name, MHD_HTTP_HEADER_HOST);
    lines->ends += encoding || !strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH);
    lines->odd |= (encoding && (!value || strcasecmp(value, "chunked"))) || strcspn(name, " \t") != name_size;
    return MHD_YES;
}

/* What makes it no request at all; NULL: nothing. */
static const char *fault_of(const struct web_request *r) {
    struct lines lines = {0};
    if (r->fault) return r->fault;
    MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, count_line, &lines);
    if (lines.hosts > 1) return "two lines of Host";
    if (lines.ends > 1) return "its end is told twice: give one Content-Length, or Transfer-Encoding";
    return lines.odd ? "a line that HTTP/1.1 does not have, or not here" : NULL;
}

/* Foreign pages: under a name of theirs, or by what they make this browser send. */
static bool judge_page(struct web_request *r, enum MHD_Result *result) {
    const char *host = head(r, MHD_HTTP_HEADER_HOST), *origin = head(r, MHD_HTTP_HEADER_ORIGIN),
               *site = head(r, "Sec-Fetch-Site"), *mode = head(r, "Sec-Fetch-Mode");
    bool page = r->route && r->route->page;
    if (!host || !web_host_known(&r->web->names, host)) {
        *result = web_refuse_as(r, 421, "host", "not a name of this board: write it as host under [web]", NULL);
        return false;
    }
    int schemes = r->web->tls                            ? WEB_HTTPS
                  : web_host_given(&r->web->names, host) ? WEB_HTTP | WEB_HTTPS /* a proxy may be in between */
                                                         : WEB_HTTP;
    bool may = r->method == SERVE_GET ? web_may_read(site, mode, page) : web_may_write(origin, site, host, schemes);
    if (!may) *result = web_refuse_as(r, 403, "origin", "another page may not ask this", NULL);
    return may;
}

static bool has_body(const struct web_request *r, unsigned long long *size) {
    const char *length = head(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    *size = length ? strtoull(length, NULL, 10) : 0;
    return *size || head(r, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static bool judge_picture(struct web_request *r, const char *type, bool has, unsigned long long size,
                          enum MHD_Result *result) {
    bool fits = !type || !strncmp(type, "image/", 6) || !strcmp(type, "application/octet-stream");
    if (size > SERVE_PICTURE)
        *result = web_refuse_as(r, 413, "long", "a picture is at most 4 MiB", NULL);
    else if (has && !fits)
        *result = web_refuse_as(r, 415, "usage", "the body is a picture: image/jpeg, image/png, ...", NULL);
    else
        return true;
    return false;
}

/* Of those that may ask: each takes as much memory as a picture. */
static bool begin_upload(struct web_request *r, enum MHD_Result *result) {
    if (!r->route->picture) return true;
    if (r->web->upload_count == WEB_UPLOADS) {
        *result = web_refuse_as(r, 429, "busy", "others send pictures: ask again in a second", "1");
        return false;
    }
    r->uploads = true, r->web->upload_count++;
    if (r->socket) r->socket->uploads = true;
    return true;
}

static bool judge_body(struct web_request *r, enum MHD_Result *result) {
    unsigned long long size;
    const char *type = head(r, MHD_HTTP_HEADER_CONTENT_TYPE);
    bool has = has_body(r, &size);
    if (r->route->picture) return judge_picture(r, type, has, size, result);
    if (size > WEB_BODY)
        *result = web_refuse_as(r, 413, "long", "a body is at most 32 KiB", NULL);
    else if (has && !r->route->body)
        *result = web_refuse_as(r, 400, "usage", "this request has no body", NULL);
    else if (r->route->body && (!type || !web_is_json(type)))
        *result = web_refuse_as(r, 415, "usage", "the body is application/json", NULL);
    else
        return true;
    return false;
}

/* true: *result is set, as it has been answered or waits. */
static bool judge(struct web_request *r, const char *url, const char *method, enum MHD_Result *result) {
    bool known = false, answered = false;
    r->method = method_of(method);
    r->route = web_route_find(url, r->method, &known);
    if (!judge_page(r, result)) return true;
    if (!r->route && known) return *result = refuse_method(r, url), true;
    if (!r->route) return *result = web_refuse_as(r, 404, "none", "no such path", NULL), true;
    if (!judge_body(r, result)) return true;
    if (r->route->open || web_login_knows(r, &answered, result)) return !begin_upload(r, result);
    if (!answered) *result = web_refuse_as(r, 401, "denied", WEB_LOG_IN, NULL);
    return true;
}

/* ---- the body ---- */

static enum MHD_Result take_body(struct web_request *r, const char *bytes, size_t *size) {
    if (*size > (r->uploads ? SERVE_PICTURE : WEB_BODY) - r->body_size)
        return MHD_NO; /* longer than told, or not told: the connection ends */
    char *grown = realloc(r->body, r->body_size + *size + 1);
    if (!grown) return MHD_NO;
    memcpy(grown + r->body_size, bytes, *size);
    r->body = grown, r->body_size += *size;
    r->body[r->body_size] = 0;
    *size = 0;
    return MHD_YES;
}

/* ---- waiting ---- */

enum MHD_Result web_wait(struct web_request *r) {
    struct serve_web *web = r->web;
    r->waits = true;
    r->next = web->waiting;
    web->waiting = r, web->waiting_count++;
    bool search = !r->checks && !r->origin.ticket;
    web->serve->context.waiting += search;
    MHD_suspend_connection(r->connection);
    return MHD_YES;
}

static void take_out(struct web_request *r) {
    struct serve_web *web = r->web;
    struct web_request **at = &web->waiting;
    while (*at && *at != r) at = &(*at)->next;
    if (!*at) return;
    *at = r->next, web->waiting_count--;
    web->serve->context.waiting -= !r->checks && !r->origin.ticket;
    r->waits = false, r->again = true;
}

static bool pending(const struct web_request *r) {
    return r->checks ? web_login_checks(&r->web->login, r) : serve_pending(r->web->serve, r->origin.ticket);
}

void web_resume_waiting(struct serve_web *web, bool all) {
    for (struct web_request *r = web->waiting, *next; r; r = next) {
        next = r->next;
        if (!all && pending(r)) continue;
        take_out(r);
        MHD_resume_connection(r->connection);
    }
}

/* ---- libmicrohttpd's functions ---- */

/* libmicrohttpd takes the address apart in here afterwards. With too many parameters its memory for a connection would
 * be used up, and the connection end without an answer. */
static const char *fault_of_address(char *address) {
    size_t parameters = 0;
    if (strstr(address, "%00")) return "an address has no zero byte"; /* it would end there */
    for (char *at = address; *at; at++)
        if (*at == '&' && ++parameters == WEB_PARAMETERS) {
            *at = 0;
            return "too many parameters";
        }
    return NULL;
}

void *web_begin(void *user, const char *address, struct MHD_Connection *connection) {
    struct web_request *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    r->web = user, r->connection = connection;
    r->socket = info ? info->socket_context : NULL;
    r->fault = fault_of_address((char *)(uintptr_t)address); /* of the connection's own memory */
    return r;
}

enum MHD_Result web_handle(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                           const char *version, const char *bytes, size_t *size, void **state) {
    struct web_request *r = *state;
    enum MHD_Result result = MHD_YES;
    (void)user, (void)connection, (void)version;
    if (!r) return MHD_NO;
    bool first = !r->begun;
    r->begun = true;
    /* libmicrohttpd ends the connection behind an answer to its first call: right where a body may come. */
    if (first && !judge_address(r, &result)) return result;
    const char *fault = first ? fault_of(r) : NULL;
    if (fault) return web_refuse_as(r, 400, "usage", fault, NULL);
    if (first && !has_body(r, &(unsigned long long){0})) return MHD_YES;
    if (!r->judged) {
        r->judged = true;
        if (judge(r, url, method, &result)) return result;
        if (first || r->waits) return MHD_YES;
    }
    if (*size) return take_body(r, bytes, size);
    if (r->socket) r->socket->served = true;
    if (r->checks && !r->route->open && !web_login_end(r)) return web_refuse_as(r, 401, "denied", WEB_LOG_IN, NULL);
    return r->route->answer(r);
}

void web_completed(void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why) {
    struct web_request *r = *state;
    (void)user, (void)connection, (void)why;
    if (!r) return;
    take_out(r);
    web_login_forget(&r->web->login, r);
    if (r->socket) r->socket->served = r->socket->uploads = false, r->socket->since_ms = clock_ms();
    r->web->upload_count -= r->uploads;
    if (r->body) explicit_bzero(r->body, r->body_size);
    free(r->body);
    free(r);
    *state = NULL;
}
