/* SPDX-License-Identifier: Apache-2.0
 * Who knows the password: sessions in cookies for browsers, "Basic" for programs. */
#include "base/clock.h"
#include "base/log.h"
#include "base/sha256.h"
#include "serve/web.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define COOKIE "ocelli-session"

int web_login_open(struct web_login *login, struct serve *serve, const char *path) {
    login->serve = serve;
    login->needed = path != NULL;
    if (!path) return OCELLI_OK;
    if (getrandom(login->secret, sizeof login->secret, 0) != sizeof login->secret)
        return log_fail(OCELLI_ERR_DEVICE, "no random numbers");
    return password_read(&login->password, path);
}

void web_login_close(struct web_login *login) {
    thread_join(&login->thread, INT64_MAX);
    explicit_bzero(login, sizeof *login);
}

/* ---- sessions ---- */

static void digest_of(const char *token, uint8_t digest[32]) {
    sha256(token, strlen(token), digest);
}

/* NULL: none, or it was not used for long. */
static struct web_session *find(struct web_login *login, const char *token, double now_ms) {
    uint8_t digest[32];
    struct web_session *found = NULL;
    if (!token || strlen(token) != WEB_TOKEN - 1) return NULL;
    digest_of(token, digest);
    for (int i = 0; i < WEB_SESSIONS; i++) {
        struct web_session *s = &login->sessions[i];
        bool fresh = s->used_ms > 0 && now_ms - s->used_ms < WEB_SESSION_S * 1e3;
        if (!CRYPTO_memcmp(digest, s->digest, sizeof digest) && fresh) found = s;
    }
    return found;
}

static const char *token_of(const struct web_request *r) {
    return MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, COOKIE);
}

static bool has_session(const struct web_request *r, double now_ms) {
    struct web_session *s = find(&r->web->login, token_of(r), now_ms);
    if (s) s->used_ms = now_ms;
    return s;
}

bool web_login_has_session(const struct web_request *r) {
    return has_session(r, clock_ms());
}

/* In the place of the one that was not used for the longest. */
static bool make_session(struct web_login *login, double now_ms, char token[WEB_TOKEN]) {
    uint8_t bytes[32];
    struct web_session *oldest = login->sessions;
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return false;
    sha256_hex(bytes, token);
    for (int i = 1; i < WEB_SESSIONS; i++)
        if (login->sessions[i].used_ms < oldest->used_ms) oldest = &login->sessions[i];
    digest_of(token, oldest->digest);
    oldest->used_ms = now_ms;
    return true;
}

/* ---- the check ---- */

static void *check(void *user) {
    struct web_login *login = user;
    login->right = password_is(&login->password, login->text, strlen(login->text));
    atomic_store(&login->running, false);
    serve_wake(login->serve);
    return NULL;
}

/* Tells the last right password again: a program that asks often needs no check each time. */
static void basic_digest(const struct web_login *login, const char *text, uint8_t digest[32]) {
    uint8_t bytes[sizeof login->secret + PASSWORD_MOST + 1];
    size_t size = strlen(text);
    memcpy(bytes, login->secret, sizeof login->secret);
    memcpy(bytes + sizeof login->secret, text, size);
    sha256(bytes, sizeof login->secret + size, digest);
    explicit_bzero(bytes, sizeof bytes);
}

static bool is_last_basic(const struct web_login *login, const char *text) {
    uint8_t digest[32];
    basic_digest(login, text, digest);
    return login->any_basic && !CRYPTO_memcmp(digest, login->basic, sizeof digest);
}

bool web_login_begin(struct web_request *r, const char *text, enum MHD_Result *result) {
    struct web_login *login = &r->web->login;
    char seconds[16];
    double wait_s = web_guess_wait(&login->guess, &r->from, clock_ms());
    bool busy = atomic_load(&login->running) || login->asking;
    if (wait_s > 0 || busy) {
        snprintf(seconds, sizeof seconds, "%.0f", wait_s > 0 ? wait_s : 1);
        *result = web_refuse_as(r, 429, "busy", busy ? "another password is being checked" : "too many wrong passwords",
                                seconds);
        return false;
    }
    thread_join(&login->thread, INT64_MAX); /* it is at its end: nothing runs */
    snprintf(login->text, sizeof login->text, "%s", text);
    login->right = false;
    atomic_store(&login->running, true);
    if (thread_start(&login->thread, check, login, true)) {
        atomic_store(&login->running, false);
        *result = web_refuse_as(r, 503, "limit", "out of memory", "1");
        return false;
    }
    login->asking = r, r->checks = true;
    *result = web_wait(r);
    return true;
}

bool web_login_checks(const struct web_login *login, const struct web_request *r) {
    return login->asking == r && atomic_load(&login->running);
}

/* A connection that ended meanwhile has guessed all the same. */
static void count(struct web_login *login, const struct web_request *r) {
    thread_join(&login->thread, INT64_MAX);
    if (login->right)
        web_guess_right(&login->guess, &r->from);
    else
        web_guess_wrong(&login->guess, &r->from, clock_ms());
    login->asking = NULL;
}

bool web_login_end(struct web_request *r) {
    struct web_login *login = &r->web->login;
    r->checks = false;
    if (login->asking != r) return false;
    count(login, r);
    if (login->right) basic_digest(login, login->text, login->basic), login->any_basic = true;
    explicit_bzero(login->text, sizeof login->text);
    return login->right;
}

void web_login_forget(struct web_login *login, const struct web_request *r) {
    if (login->asking == r) count(login, r);
}

bool web_login_knows(struct web_request *r, bool *answered, enum MHD_Result *result) {
    char text[PASSWORD_MOST + 1];
    struct web_login *login = &r->web->login;
    const char *basic = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    if (!login->needed || has_session(r, clock_ms())) return true;
    if (!basic || !web_basic(basic, text, sizeof text)) return false;
    bool known = is_last_basic(login, text);
    bool begun = !known && web_login_begin(r, text, result);
    explicit_bzero(text, sizeof text);
    *answered = !known && !begun;
    return known || begun;
}

/* ---- requests ---- */

enum MHD_Result web_answer_session(struct web_request *r) {
    char text[128];
    struct serve_out out = {.bytes = text, .capacity = sizeof text};
    bool needed = r->web->login.needed;
    serve_out_begin(&out, NULL, '{');
    serve_out_bool(&out, "password", needed);
    serve_out_bool(&out, "in", !needed || has_session(r, clock_ms()));
    serve_out_end(&out, '}');
    return web_reply(r, 200, "application/json", text, out.used);
}

static enum MHD_Result reply_cookie(struct web_request *r, const char *token, int seconds) {
    char cookie[256];
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    snprintf(cookie, sizeof cookie, COOKIE "=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s", token, seconds,
             r->web->tls ? "; Secure" : "");
    if (response) MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, cookie);
    return web_send(r, 204, NULL, response);
}

enum MHD_Result web_answer_login(struct web_request *r) {
    char text[PASSWORD_MOST + 1], token[WEB_TOKEN];
    struct web_login *login = &r->web->login;
    enum MHD_Result result;
    if (!login->needed) return web_refuse_as(r, 404, "none", "no password is set here", NULL);
    if (!r->checks) {
        enum serve_code code = web_body_password(text, sizeof text, r->body ? r->body : "", r->body_size, r->message);
        if (code) return web_refuse(r, code);
        web_login_begin(r, text, &result);
        explicit_bzero(text, sizeof text);
        return result;
    }
    if (!web_login_end(r)) return web_refuse_as(r, 401, "denied", "not the password", NULL);
    if (!make_session(login, clock_ms(), token)) return web_refuse_as(r, 500, "failed", "no random numbers", NULL);
    result = reply_cookie(r, token, WEB_SESSION_S);
    explicit_bzero(token, sizeof token);
    return result;
}

enum MHD_Result web_answer_logout(struct web_request *r) {
    struct web_session *s = find(&r->web->login, token_of(r), clock_ms());
    if (s) *s = (struct web_session){.used_ms = 0};
    return reply_cookie(r, "", 0);
}
