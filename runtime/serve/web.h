/* SPDX-License-Identifier: Apache-2.0
 * The web page and its JSON API, through libmicrohttpd: docs/web.md. Parts of it share this header. */
#ifndef SERVE_WEB_H
#define SERVE_WEB_H

#include "base/thread.h"
#include "serve/libmicrohttpd.h"
#include "serve/password.h"
#include "serve/transport.h"
#include "serve/web_body.h"
#include "serve/web_guess.h"
#include "serve/web_head.h"

#include <stdatomic.h>

/* CONNECTIONS: at once, EACH: of an address; CROWDED: with more than so many each ends behind its answer. STREAMS,
 * VIDEOS: answers without an end, of states and of pictures. HEAD_MS: for a request to come whole, and until the next
 * one. WAITING: requests that a search or a change goes on for. PARAMETERS: of an address. UPLOADS: pictures on their
 * way at once, UPLOAD_MS: for one to come whole. CHANGES: that are kept with their pictures. SESSION_MS: without a
 * request. SWEEP_MS: between two looks for sockets that are late. */
enum {
    WEB_CONNECTIONS = 160,
    WEB_EACH = 64,
    WEB_CROWDED = 32,
    WEB_STREAMS = 48,
    WEB_VIDEOS = 8,
    WEB_HEAD_MS = 10000,
    WEB_STALLED_S = 20,
    WEB_SWEEP_MS = 1000,
    WEB_MEMORY = 32768,
    WEB_PARAMETERS = 64,
    WEB_BODY = 32768,
    WEB_UPLOADS = 4,
    WEB_UPLOAD_MS = 60000,
    WEB_ANSWER = 1 << 20,
    WEB_WAITING = 32,
    WEB_CHANGES = 64,
    WEB_SESSIONS = 32,
    WEB_TOKEN = 65,
    WEB_SESSION_S = 7 * 86400,
};

/* A socket. Its first member. */
struct web_socket {
    struct web_socket *next, *previous;
    struct MHD_Connection *connection;
    double since_ms; /* since it waits for a request, or for the rest of one */
    bool served;     /* a request is whole and under way */
    bool uploads;    /* it sends a picture */
    bool shut;
};

struct web_request {
    struct serve_web *web;
    struct MHD_Connection *connection;
    struct web_socket *socket;
    struct web_request *next; /* of those that wait */
    const struct web_route *route;
    const struct serve_row *row; /* NULL: not of the table */
    enum serve_method method;
    struct serve_address from;
    const char *fault;  /* of its address, static; NULL: none */
    bool begun, judged; /* judged: by its heads */
    bool waits;         /* suspended: for a search, a change or the password */
    bool again;         /* it waited */
    bool checks;        /* the password is being checked for it */
    bool uploads;       /* counted as one */
    char *body;         /* (body_size) */
    size_t body_size;
    struct serve_origin origin;
    struct web_words words;
    char message[SERVE_MESSAGE]; /* of an error */
};

/* What streams are sending. The last that leaves it frees it. */
struct web_text {
    size_t users, size;
    char bytes[]; /* (size) */
};

/* The newest writing of all tags, which all streams of states send. */
struct web_telling {
    struct web_text *text; /* NULL: none yet */
    uint64_t n;            /* from 1 */
    uint64_t seq;          /* of its frame */
    double made_ms;
};

/* An answer without an end; it writes what is new whenever there is some. */
struct web_stream {
    struct web_stream *next, *previous;
    struct serve_web *web;
    struct MHD_Connection *connection;
    bool video;       /* JPEG after JPEG; else states */
    bool suspended;   /* until there is more */
    uint64_t seen;    /* changes that it has told */
    uint64_t telling; /* of the tags, that it told last; 0: none */
    bool any;         /* of a video: it has told a picture, */
    uint64_t seq;     /* of this frame, */
    double frame_ms;  /* then */
    double told_ms;
    struct web_text *text; /* on its way, up to `at` written; NULL: nothing */
    size_t at;
};

/* A change, and what was seen then. */
struct web_change {
    struct serve_event event;
    double time;   /* seconds since 1970 */
    uint8_t *jpeg; /* (size), small; NULL: there was none */
    size_t size;
};

struct web_session {
    uint8_t digest[32]; /* SHA-256 of its token */
    double used_ms;     /* 0: free */
};

/* The password, and who knew it. A check takes a few tenths of a second, so it has a thread. */
struct web_login {
    bool needed;
    struct password password;
    struct web_session sessions[WEB_SESSIONS];
    struct web_guess guess;
    uint8_t secret[32], basic[32]; /* basic: digest of the last right one that came as "Basic" */
    bool any_basic;
    struct thread thread;
    atomic_bool running;
    struct serve *serve;              /* to be woken at its end */
    const struct web_request *asking; /* NULL: it has gone, or nobody asks */
    char text[PASSWORD_MOST + 1];
    bool right;
};

struct serve_web {
    struct serve *serve;
    struct MHD_Daemon *daemon;
    int epoll;
    bool tls, alone; /* alone: on loopback only */
    struct web_names names;
    struct web_login login;
    struct web_socket sockets; /* the list's head */
    size_t socket_count;
    struct web_request *waiting; /* list */
    size_t waiting_count;
    size_t upload_count;       /* pictures on their way, and those that are searched for */
    struct web_stream streams; /* the list's head */
    size_t stream_count, video_count;
    struct web_telling telling;
    struct web_change changes[WEB_CHANGES]; /* n at n % WEB_CHANGES */
    uint64_t kept;                          /* changes so far */
    double swept_ms;
    char policy[512]; /* Content-Security-Policy of the page */
    char own[WEB_NAME], *given, *certificate, *key;
    char body[WEB_ANSWER]; /* an answer as it is written */
};

/* An address of the page. */
struct web_route {
    const char *path;
    enum serve_method method;
    bool open;    /* also without the password */
    bool page;    /* may be opened by a link of another page */
    bool body;    /* of JSON */
    bool picture; /* its body is one */
    enum MHD_Result (*answer)(struct web_request *r);
};
/* NULL: none. *path_known: it has other methods. */
const struct web_route *web_route_find(const char *path, enum serve_method method, bool *path_known);

/* ---- web_request.c: libmicrohttpd's functions ---- */

/* For each address, before it is taken apart. Gives the request, or NULL: no memory. */
void *web_begin(void *user, const char *address, struct MHD_Connection *connection);
enum MHD_Result web_handle(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                           const char *version, const char *bytes, size_t *size, void **state);
void web_completed(void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why);
/* Suspends the request until web_resume_waiting() finds that what it waits for has ended. */
enum MHD_Result web_wait(struct web_request *r);
void web_resume_waiting(struct serve_web *web, bool all);

/* ---- web_reply.c: answers ---- */

/* `bytes` are copied. */
enum MHD_Result web_reply(struct web_request *r, unsigned status, const char *type, const void *bytes, size_t size);
enum MHD_Result web_refuse(struct web_request *r, enum serve_code code);
enum MHD_Result web_refuse_as(struct web_request *r, unsigned status, const char *word, const char *message,
                              const char *retry_s);
/* Adds the heads that all answers have, sends it, and frees it. NULL: no memory. */
enum MHD_Result web_send(struct web_request *r, unsigned status, const char *type, struct MHD_Response *response);

/* ---- web_api.c ---- */

enum MHD_Result web_answer_row(struct web_request *r);
enum MHD_Result web_answer_changes(struct web_request *r), web_answer_thumbnail(struct web_request *r),
    web_answer_frame(struct web_request *r), web_answer_log(struct web_request *r);
/* Writes {seq, age_ms, ...} of the tags, all of them, into web->body. 0: they do not fit. */
size_t web_write_tags(struct serve_web *web, double now_ms);
/* A query's value; NULL: there is none. */
const char *web_query(const struct web_request *r, const char *name);

/* ---- web_pages.c, web_metrics.c ---- */

void web_pages_open(struct serve_web *web);
enum MHD_Result web_answer_page(struct web_request *r), web_answer_icon(struct web_request *r),
    web_answer_openapi(struct web_request *r), web_answer_health(struct web_request *r),
    web_answer_metrics(struct web_request *r);

/* ---- web_login.c ---- */

/* Errors: those of password_read(), DEVICE (no random numbers). path: NULL, none is needed. */
int web_login_open(struct web_login *login, struct serve *serve, const char *path);
void web_login_close(struct web_login *login);
#define WEB_LOG_IN "log in first, or give the password as Basic"
/* Has this request a session, or the password? false: no; *answered: *result is set, as it waits for a check, or must
 * not guess now. */
bool web_login_knows(struct web_request *r, bool *answered, enum MHD_Result *result);
/* Has this request the cookie of a session? */
bool web_login_has_session(const struct web_request *r);
/* Begins to check a password for this request, which then waits: true, or *result is set to a refusal. */
bool web_login_begin(struct web_request *r, const char *text, enum MHD_Result *result);
/* The check that it waited for has ended. Was it right? */
bool web_login_end(struct web_request *r);
/* Is the check that this request waits for still under way? */
bool web_login_checks(const struct web_login *login, const struct web_request *r);
void web_login_forget(struct web_login *login, const struct web_request *r);
enum MHD_Result web_answer_session(struct web_request *r), web_answer_login(struct web_request *r),
    web_answer_logout(struct web_request *r);

/* ---- web_stream.c ---- */

enum MHD_Result web_answer_events(struct web_request *r), web_answer_video(struct web_request *r);
/* Resumes those that have something to tell. */
void web_streams_step(struct serve_web *web, double now_ms, bool all);
/* After the last stream. */
void web_streams_finish(struct serve_web *web);

/* ---- web_changes.c ---- */

/* Keeps the new ones. */
void web_changes_take(struct serve_web *web, double now_ms);
/* NULL: gone, or to come. */
const struct web_change *web_changes_get(const struct serve_web *web, uint64_t n);
void web_changes_finish(struct serve_web *web);
void web_change_write(const struct web_change *change, double now_ms, struct serve_out *out);

#endif
