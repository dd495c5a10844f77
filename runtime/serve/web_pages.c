/* SPDX-License-Identifier: Apache-2.0
 * The page, which has its script and style in it, the description of the API, and the table of paths. */
#include "base/sha256.h"
#include "serve/web.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* cmake/embed.cmake makes these of page.html, icon.svg and openapi.json. */
extern const char web_page[], web_icon[], web_openapi[];

/* The paths of the request table are those of CoAP behind /api/. */
static const struct web_route routes[] = {
    {"/", SERVE_GET, .open = true, .page = true, .answer = web_answer_page},
    {"/icon.svg", SERVE_GET, .open = true, .answer = web_answer_icon},
    {"/openapi.json", SERVE_GET, .open = true, .answer = web_answer_openapi},
    {"/healthz", SERVE_GET, .open = true, .answer = web_answer_health},
    {"/metrics", SERVE_GET, .answer = web_answer_metrics},
    {"/api/session", SERVE_GET, .open = true, .answer = web_answer_session},
    {"/api/session", SERVE_POST, .open = true, .body = true, .answer = web_answer_login},
    {"/api/session", SERVE_DELETE, .open = true, .answer = web_answer_logout},
    {"/api/tags", SERVE_GET, .answer = web_answer_row},
    {"/api/prompts", SERVE_GET, .answer = web_answer_row},
    {"/api/prompts", SERVE_POST, .body = true, .answer = web_answer_row},
    {"/api/prompts", SERVE_PUT, .body = true, .answer = web_answer_row},
    {"/api/prompts", SERVE_DELETE, .answer = web_answer_row},
    {"/api/search", SERVE_GET, .answer = web_answer_row},
    {"/api/search", SERVE_PUT, .picture = true, .answer = web_answer_row},
    {"/api/replay", SERVE_POST, .body = true, .answer = web_answer_row},
    {"/api/status", SERVE_GET, .answer = web_answer_row},
    {"/api/events", SERVE_GET, .answer = web_answer_row},
    {"/api/changes", SERVE_GET, .answer = web_answer_changes},
    {"/api/thumbnail", SERVE_GET, .answer = web_answer_thumbnail},
    {"/api/frame", SERVE_GET, .answer = web_answer_frame},
    {"/api/log", SERVE_GET, .answer = web_answer_log},
    {"/api/stream", SERVE_GET, .answer = web_answer_events},
    {"/api/video", SERVE_GET, .answer = web_answer_video},
};

const struct web_route *web_route_find(const char *path, enum serve_method method, bool *path_known) {
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(routes[i].path, path)) continue;
        *path_known = true;
        if (routes[i].method == method) return &routes[i];
    }
    return NULL;
}

/* ---- the page's policy ---- */

/* 'sha256-...' of what stands between <name> and </name> of the page: what may run and style, and nothing else. */
static void hash_of(const char *name, char hash[64]) {
    char begin[16], end[16];
    uint8_t digest[SHA256_SIZE];
    snprintf(begin, sizeof begin, "<%s>", name);
    snprintf(end, sizeof end, "</%s>", name);
    const char *at = strstr(web_page, begin), *to = at ? strstr(at, end) : NULL;
    if (!to) at = to = "";
    if (*at) at += strlen(begin);
    sha256(at, (size_t)(to - at), digest);
    strcpy(hash, "'sha256-");
    EVP_EncodeBlock((unsigned char *)hash + 8, digest, sizeof digest);
    strcat(hash, "'");
}

void web_pages_open(struct serve_web *web) {
    char script[64], style[64];
    hash_of("script", script);
    hash_of("style", style);
    snprintf(web->policy, sizeof web->policy,
             "default-src 'none'; script-src %s; style-src %s; img-src 'self' blob:; connect-src 'self'; "
             "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
             script, style);
}

/* ---- what is the same for all ---- */

static enum MHD_Result reply(struct web_request *r, const char *type, const char *text) {
    return web_send(r, 200, type,
                    MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT));
}

/* With data-session="in" and so on in the place of "ask": a browser need not ask before it shows the page. */
enum MHD_Result web_answer_page(struct web_request *r) {
    static const char ask[] = "data-session=\"ask";
    const char *word = !r->web->login.needed ? "open" : web_login_has_session(r) ? "in" : "out";
    const char *at = strstr(web_page, ask);
    if (!at) return reply(r, "text/html; charset=utf-8", web_page);
    const char *rest = at + sizeof ask - 1;
    at = rest - 3;
    const struct MHD_IoVec parts[] = {{web_page, (size_t)(at - web_page)}, {word, strlen(word)}, {rest, strlen(rest)}};
    return web_send(r, 200, "text/html; charset=utf-8", MHD_create_response_from_iovec(parts, 3, NULL, NULL));
}

enum MHD_Result web_answer_icon(struct web_request *r) {
    return reply(r, "image/svg+xml", web_icon);
}

enum MHD_Result web_answer_openapi(struct web_request *r) {
    return reply(r, "application/json", web_openapi);
}

/* It tells that the daemon answers, and nothing of what it sees. */
enum MHD_Result web_answer_health(struct web_request *r) {
    return reply(r, "application/json", "{\"ok\":true}");
}
