/* SPDX-License-Identifier: Apache-2.0
 * The request table as HTTP: GET tags, prompts, search, status and events, PUT search, POST, PUT and DELETE prompts. */
#include "base/clock.h"
#include "serve/crc.h"
#include "serve/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the query ---- */

struct query {
    struct web_request *r;
    const char *name, *from;
    enum serve_code code;
    bool first; /* the row's own parameter, which comes before all others */
};

static enum MHD_Result take_query(void *user, enum MHD_ValueKind kind, const char *key, size_t key_size,
                                  const char *value, size_t size) {
    struct query *q = user;
    const struct serve_row *row = q->r->row;
    bool own = row->query && !strcmp(key, row->query), from = row->pages && !strcmp(key, "from"),
         one = row->method == SERVE_DELETE && !strcmp(key, "value");
    (void)kind, (void)key_size;
    if (!value) value = "", size = 0;
    if (q->first) {
        if (own && q->r->words.count) own = false; /* twice */
        if (own) q->code = web_words_add(&q->r->words, value, size);
        if (!own && !from && !one)
            q->code = SERVE_USAGE, snprintf(q->r->message, SERVE_MESSAGE, "no such parameter here, or twice");
    } else if (one)
        q->code = web_words_add(&q->r->words, value, size);
    else if (from)
        q->from = value;
    return q->code ? MHD_NO : MHD_YES;
}

static enum serve_code take_words(struct web_request *r, const char **from) {
    struct query q = {.r = r, .first = true};
    MHD_get_connection_values_n(r->connection, MHD_GET_ARGUMENT_KIND, take_query, &q);
    if (!q.code && r->row->changes && !r->words.count)
        q.code = SERVE_USAGE, snprintf(r->message, SERVE_MESSAGE, "say which: ?tag=NAME");
    q.first = false;
    if (!q.code) MHD_get_connection_values_n(r->connection, MHD_GET_ARGUMENT_KIND, take_query, &q);
    *from = q.from;
    if (q.code || !r->route->body) return q.code;
    return web_body_values(&r->words, r->body ? r->body : "", r->body_size, r->message);
}

/* ---- the row ---- */

static void identify(struct web_request *r) {
    uint64_t number = serve_number_of(SERVE_NUMBER, r->words.text, r->words.used);
    r->origin.client = serve_number_of(SERVE_NUMBER, &r->from, sizeof r->from);
    r->origin.request = serve_number_of(number, &r->method, sizeof r->method);
    r->origin.may_wait = r->web->waiting_count < WEB_WAITING;
}

static enum serve_code write_answer(struct serve_request *request, struct serve_out *out) {
    serve_request_find(request);
    serve_out_begin(out, NULL, '{');
    if (!request->row->changes) serve_request_head(request, out);
    enum serve_code code = request->row->answer(request, out);
    serve_out_end(out, '}');
    if (!code && out->full) return serve_refuse(request, SERVE_FAILED, "over 1 MiB: ask from N");
    return code;
}

static struct serve_request request_of(struct serve_web *web, const struct serve_row *row, double now_ms) {
    struct serve_context *c = &web->serve->context;
    return (struct serve_request){.callbacks = &web->serve->callbacks,
                                  .row = row,
                                  .events = &c->events,
                                  .order = &c->order,
                                  .now_ms = now_ms,
                                  .others = c->waiting > 0};
}

static enum serve_code take_from(struct web_request *r, const char *from) {
    if (!from) return SERVE_OK;
    enum serve_code code = web_words_add(&r->words, "from", 4);
    return code ? code : web_words_add(&r->words, from, strlen(from));
}

enum MHD_Result web_answer_row(struct web_request *r) {
    struct serve_web *web = r->web;
    struct serve_out out = {.bytes = web->body, .capacity = sizeof web->body};
    const char *from = NULL;
    r->row = serve_row_of_path(r->route->path + sizeof "/api/" - 1, r->method);
    r->words.count = r->words.used = 0;
    enum serve_code code = take_words(r, &from);
    if (!code) code = take_from(r, from);
    struct serve_request request = request_of(web, r->row, clock_ms());
    request.arguments = r->words.argument, request.count = r->words.count, request.origin = &r->origin;
    if (r->row->picture) request.body = (const uint8_t *)r->body, request.body_size = r->body_size;
    if (!r->again) identify(r);
    if (!code) code = serve_request_check(r->row, &request);
    if (!code) code = write_answer(&request, &out);
    if (code == SERVE_DEFERRED && web->waiting_count < WEB_WAITING) return web_wait(r);
    if (code == SERVE_DEFERRED) code = SERVE_BUSY;
    if (!code) return web_reply(r, 200, "application/json", out.bytes, out.used);
    if (request.message[0]) memcpy(r->message, request.message, sizeof r->message);
    return web_refuse(r, code);
}

size_t web_write_tags(struct serve_web *web, double now_ms) {
    struct serve_request request = request_of(web, serve_row_of_path("tags", SERVE_GET), now_ms);
    struct serve_out out = {.bytes = web->body, .capacity = sizeof web->body};
    return write_answer(&request, &out) ? 0 : out.used;
}

/* ---- pictures ---- */

const char *web_query(const struct web_request *r, const char *name) {
    return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

enum MHD_Result web_answer_frame(struct web_request *r) {
    const struct serve_callbacks *b = &r->web->serve->callbacks;
    struct serve_view view;
    const uint8_t *jpeg;
    size_t size;
    char seq[24];
    b->view(b->user, &view);
    if (!b->frame) return web_refuse_as(r, 501, "absent", "pictures are not given out here", NULL);
    if (!b->frame(b->user, &jpeg, &size)) return web_refuse_as(r, 404, "none", "no frame yet", NULL);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, (void *)(uintptr_t)jpeg, MHD_RESPMEM_MUST_COPY);
    snprintf(seq, sizeof seq, "%llu", (unsigned long long)view.seq);
    if (response) MHD_add_response_header(response, "Ocelli-Seq", seq);
    return web_send(r, 200, "image/jpeg", response);
}

enum MHD_Result web_answer_thumbnail(struct web_request *r) {
    const char *n = web_query(r, "n");
    char *end = NULL;
    unsigned long long number = n && *n >= '0' && *n <= '9' ? strtoull(n, &end, 10) : 0;
    if (!end || *end) return web_refuse_as(r, 400, "usage", "say which: ?n=NUMBER of a change", NULL);
    const struct web_change *c = web_changes_get(r->web, number);
    if (!c || !c->jpeg) return web_refuse_as(r, 404, "none", "no picture of that change is kept", NULL);
    return web_reply(r, 200, "image/jpeg", c->jpeg, c->size);
}

/* ---- what is kept ---- */

/* The newest first. */
enum MHD_Result web_answer_changes(struct web_request *r) {
    struct serve_web *web = r->web;
    struct serve_out out = {.bytes = web->body, .capacity = sizeof web->body};
    double now_ms = clock_ms();
    serve_out_begin(&out, NULL, '{');
    serve_out_count(&out, "n", web->kept);
    serve_out_begin(&out, "changes", '[');
    for (uint64_t n = web->kept; n && web_changes_get(web, n); n--) {
        serve_out_begin(&out, NULL, '{');
        web_change_write(web_changes_get(web, n), now_ms, &out);
        serve_out_end(&out, '}');
    }
    serve_out_end(&out, ']');
    serve_out_end(&out, '}');
    return web_reply(r, 200, "application/json", out.bytes, out.used);
}

enum MHD_Result web_answer_log(struct web_request *r) {
    const struct serve_callbacks *b = &r->web->serve->callbacks;
    struct serve_out out = {.bytes = r->web->body, .capacity = sizeof r->web->body};
    const char *const *lines = NULL;
    size_t count = b->log ? b->log(b->user, &lines) : 0;
    serve_out_begin(&out, NULL, '{');
    serve_out_begin(&out, "lines", '[');
    for (size_t i = 0; i < count; i++) serve_out_text(&out, NULL, lines[i]);
    serve_out_end(&out, ']');
    serve_out_end(&out, '}');
    return web_reply(r, 200, "application/json", out.bytes, out.used);
}
