/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/code.h"
#include "serve/web.h"

#include <stdio.h>
#include <string.h>

/* Nothing here is for caches, frames or other pages. */
static const char *const heads[][2] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
};

enum MHD_Result web_send(struct web_request *r, unsigned status, const char *type, struct MHD_Response *response) {
    if (!response) return MHD_NO;
    if (type) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        MHD_add_response_header(response, heads[i][0], heads[i][1]);
    bool page = r->route && r->route->page;
    MHD_add_response_header(response, "Content-Security-Policy",
                            page ? r->web->policy : "default-src 'none'; frame-ancestors 'none'");
    /* Browsers keep up to six connections each for what comes next; the next one to ask would be refused. */
    if (r->web->socket_count > WEB_CROWDED) MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result web_reply(struct web_request *r, unsigned status, const char *type, const void *bytes, size_t size) {
    /* The library has no const here, and copies. */
    return web_send(r, status, type,
                    MHD_create_response_from_buffer(size, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY));
}

enum MHD_Result web_refuse_as(struct web_request *r, unsigned status, const char *word, const char *message,
                              const char *retry_s) {
    char text[SERVE_LINE];
    struct serve_out out = {.bytes = text, .capacity = sizeof text};
    serve_out_begin(&out, NULL, '{');
    serve_out_text(&out, "error", word);
    if (message[0]) serve_out_text(&out, "message", message);
    serve_out_end(&out, '}');
    struct MHD_Response *response = MHD_create_response_from_buffer(out.used, text, MHD_RESPMEM_MUST_COPY);
    /* RFC 9110, 15.5.2. A browser, which says its language, would ask for the password over the page's own form. */
    if (response && status == 401 && !MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Accept-Language"))
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"ocelli\"");
    if (response && retry_s) MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, retry_s);
    return web_send(r, status, "application/json", response);
}

enum MHD_Result web_refuse(struct web_request *r, enum serve_code code) {
    const char *message = r->message;
    if (code == SERVE_UTF8 && !*message) message = "not UTF-8, or a control character";
    if (code == SERVE_LONG && !*message) message = "too long, or too many values";
    bool later = code == SERVE_BUSY || code == SERVE_LIMIT;
    return web_refuse_as(r, (unsigned)serve_code_coap(code), serve_code_word(code), message, later ? "1" : NULL);
}
