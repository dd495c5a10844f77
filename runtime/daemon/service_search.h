/* SPDX-License-Identifier: Apache-2.0
 * Searches of the daemon's history, as runtime/serve asks for them. A thread of its own looks through it, one text
 * or picture at a time, while the service answers other requests. */
#ifndef SERVICE_SEARCH_H
#define SERVICE_SEARCH_H

#include "base/log.h"
#include "base/thread.h"
#include "daemon/daemon.h"
#include "serve/callbacks.h"

#include <stdatomic.h>

enum { SERVICE_TEXT = 160 };

struct service_search {
    struct daemon *daemon;
    void (*ended)(void *user); /* called by the thread */
    void *user;
    struct thread thread;
    uint64_t number;     /* tells what is searched for from all else; 0: nothing yet */
    atomic_bool running; /* all below is the thread's; text, picture, templates and arena it only reads */
    struct arena arena;
    struct prompts_list templates;
    char text[SERVICE_TEXT + 1]; /* "": none */
    uint8_t *picture;            /* (picture_size); NULL: none, or read already */
    size_t picture_size;
    char fault[LOG_LINE]; /* of the picture; "": none */
    int status;
    int64_t answered_ns;
    struct history_hit found[SERVE_HITS];
    struct serve_hit hits[SERVE_HITS]; /* of these */
    struct serve_found answer;
};

/* Sets what is above `thread`; the rest must be zero. */
void service_search_init(struct service_search *search, struct daemon *daemon, void (*ended)(void *user), void *user);

/* Waits for a search that goes on: it ends soon when the daemon is at its end. false: not within timeout_ms, and
 * nothing is freed. */
bool service_search_finish(struct service_search *search, int timeout_ms);

/* As serve_callbacks.search: *found lives until the next call. */
enum serve_code service_search(struct service_search *search, const struct prompts_list *templates,
                               const struct serve_query *query, bool others, struct serve_found *found,
                               char message[SERVE_MESSAGE]);

bool service_searching(const struct service_search *search);

#endif
