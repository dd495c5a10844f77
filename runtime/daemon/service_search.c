/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/service_search.h"
#include "base/clock.h"
#include "serve/crc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* APART_MS: of a truck that stands there, one hit a minute. */
enum { APART_MS = 60000, EMBED_MS = 3000, ALL_MS = 5000 };

/* The same text again gets the same answer; a fault only who waits for it. */
#define SAME_NS INT64_C(10000000000)
#define FAULT_NS INT64_C(1000000000)

/* ---- the thread ---- */

static int look(struct service_search *s) {
    struct history_found found = {.hits = s->found};
    struct daemon_question question = {.text = s->text,
                                       .templates = &s->templates,
                                       .picture = s->picture,
                                       .picture_size = s->picture_size,
                                       .fault = s->fault,
                                       .wanted = SERVE_HITS,
                                       .apart_ms = APART_MS,
                                       .embed_timeout_ms = EMBED_MS,
                                       .timeout_ms = ALL_MS};
    int status = daemon_search(s->daemon, &question, &found);
    for (size_t i = 0; !status && i < found.count; i++)
        s->hits[i] = (struct serve_hit){s->found[i].time, s->found[i].score, s->found[i].tags};
    s->answer = (struct serve_found){s->hits, found.count, found.since};
    return status;
}

static void *run(void *user) {
    struct service_search *s = user;
    s->fault[0] = 0;
    s->status = look(s);
    free(s->picture);
    s->picture = NULL;
    s->answered_ns = clock_ns(CLOCK_MONOTONIC);
    atomic_store(&s->running, false);
    s->ended(s->user);
    return NULL;
}

/* ---- the thread that asks ---- */

/* Never 0. */
static uint64_t number_of(const struct serve_query *q) {
    uint64_t number = serve_number_of(SERVE_NUMBER, q->text, strlen(q->text) + 1);
    if (q->picture) number = serve_number_of(number, q->picture, q->picture_size);
    return number | 1;
}

void service_search_init(struct service_search *search, struct daemon *daemon, void (*ended)(void *user), void *user) {
    search->daemon = daemon, search->ended = ended, search->user = user;
}

bool service_search_finish(struct service_search *search, int timeout_ms) {
    if (!thread_join(&search->thread, clock_in(timeout_ms))) return false;
    free(search->picture);
    arena_finish(&search->arena);
    return true;
}

static enum serve_code refuse(enum serve_code code, char message[SERVE_MESSAGE], const char *text) {
    snprintf(message, SERVE_MESSAGE, "%.159s", text);
    return code;
}

static bool keep(struct service_search *s, const struct prompts_list *templates, const struct serve_query *query) {
    bool good = true;
    arena_finish(&s->arena);
    free(s->picture);
    s->templates = (struct prompts_list){0};
    for (size_t i = 0; good && i < templates->count; i++)
        good = !prompts_add(&s->templates, &s->arena, templates->texts[i]);
    snprintf(s->text, sizeof s->text, "%s", query->text);
    s->picture = query->picture ? malloc(query->picture_size + 1) : NULL;
    s->picture_size = query->picture_size;
    if (s->picture) memcpy(s->picture, query->picture, query->picture_size);
    return good && (s->picture || !query->picture);
}

static enum serve_code begin(struct service_search *s, const struct prompts_list *templates,
                             const struct serve_query *query, uint64_t number, char message[SERVE_MESSAGE]) {
    thread_join(&s->thread, INT64_MAX); /* it is at its end: nothing runs */
    bool good = keep(s, templates, query);
    s->number = number;
    atomic_store(&s->running, true);
    if (good && !thread_start(&s->thread, run, s, false)) return SERVE_DEFERRED;
    atomic_store(&s->running, false);
    s->number = 0;
    return refuse(SERVE_FAILED, message, "out of memory for a search");
}

/* Of the search that has ended. */
static enum serve_code fault_of(const struct service_search *s, char message[SERVE_MESSAGE]) {
    if (!s->status) return SERVE_OK;
    if (s->fault[0]) return refuse(s->status == OCELLI_ERR_LIMIT ? SERVE_LONG : SERVE_USAGE, message, s->fault);
    if (s->status == OCELLI_ERR_USAGE)
        return refuse(SERVE_USAGE, message, "nothing is left to look for: change the text or the picture");
    if (s->status == OCELLI_ERR_LIMIT)
        return refuse(SERVE_LIMIT, message, "the model has no text tower, and no vector of this text");
    if (s->status == OCELLI_ERR_LOST)
        return refuse(SERVE_LIMIT, message, "the model does not answer in time: ask again");
    return refuse(SERVE_FAILED, message, "its log tells why");
}

enum serve_code service_search(struct service_search *search, const struct prompts_list *templates,
                               const struct serve_query *query, bool others, struct serve_found *found,
                               char message[SERVE_MESSAGE]) {
    uint64_t number = number_of(query); /* reads all of the picture */
    bool same = search->number == number, running = atomic_load(&search->running);
    if (running && same) return SERVE_DEFERRED;
    if (running || (!same && others))
        return refuse(SERVE_BUSY, message, "another text is searched for: ask again in a second");
    int64_t age = clock_ns(CLOCK_MONOTONIC) - search->answered_ns;
    if (!same || age > (search->status ? FAULT_NS : SAME_NS)) return begin(search, templates, query, number, message);
    *found = search->answer;
    return fault_of(search, message);
}

bool service_searching(const struct service_search *search) {
    return atomic_load(&search->running);
}
