/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/service_change.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/file_swap.h"
#include "base/log.h"
#include "base/thread.h"
#include "serve/change.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PLACES: answers stay behind those that wait, so that a client that repeats its request within SAME_NS gets the same.
 * TRIES: the number of tries beside a program that saves all the time. */
enum { PLACES = 2 * SERVICE_CHANGES, TRIES = 8, PAUSE_US = 10000 };
#define SAME_NS INT64_C(10000000000)

/* A file that was good. The thread that writes and the one that answers may hold it. */
struct text {
    struct daemon_config config;
    char *bytes;
    size_t size;
    uint64_t version;
    bool own; /* its tags are the model's */
    int holders;
};

enum state { FREE, WAITS, RUNS, ENDED };

struct place {
    enum state state;
    struct serve_origin origin; /* its ticket is that of the change */
    struct serve_change change;
    struct serve_replayed *replayed; /* what the change is for; NULL: it is to be made */
    struct arena arena;              /* of the change's texts */
    enum serve_code code;
    char message[SERVE_MESSAGE];
    int64_t ended_ns;
};

struct service_change {
    char *path;
    const struct own_tags *own_tags;
    void (*ended)(void *user);
    service_replay *replay; /* NULL: none */
    void *user;
    struct thread thread;
    struct text *now; /* the thread's: the file as it was last found good */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool look, stop;
    struct text *next; /* not yet seen by who answers; NULL: none */
    struct text *shown;
    struct place places[PLACES];
    uint64_t tickets; /* given so far */
};

/* ---- the file, in the thread ---- */

/* Under the lock. */
static void release(struct text *t) {
    if (!t || --t->holders) return;
    config_finish(&t->config);
    free(t->bytes);
    free(t);
}

static void publish(struct service_change *c, struct text *t) {
    pthread_mutex_lock(&c->lock);
    release(c->now);
    release(c->next);
    c->now = c->next = t;
    t->holders = 2;
    pthread_mutex_unlock(&c->lock);
}

/* Takes the bytes. Errors: those of config_parse(), MEMORY. */
static int take_bytes(struct service_change *c, char *bytes, size_t size) {
    struct text *t = calloc(1, sizeof *t);
    int status =
        t ? config_parse(&t->config, bytes, size, c->path) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", c->path);
    if (!status) status = own_tags_take(c->own_tags, &t->config, &t->own, NULL);
    if (status) {
        if (t) config_finish(&t->config);
        free(t);
        free(bytes);
        return status;
    }
    t->bytes = bytes, t->size = size;
    t->version = tags_file_version(&t->config.tags);
    publish(c, t);
    return OCELLI_OK;
}

/* The file as it is now, if it is good; else, with an error, as it was. */
static int read_again(struct service_change *c) {
    char *bytes;
    size_t size;
    int status = file_load(c->path, &bytes, &size);
    if (status) return status;
    bool same = c->now && size == c->now->size && !memcmp(bytes, c->now->bytes, size);
    if (!same && size) return take_bytes(c, bytes, size);
    free(bytes);
    return same ? OCELLI_OK : log_fail(OCELLI_ERR_FILE, "%s: empty", c->path);
}

/* ---- one change, in the thread ---- */

/* Checks the whole file: a client that edited tags knows nothing of the rest. */
static enum serve_code check(const struct service_change *c, const struct tags_text *text,
                             char message[SERVE_MESSAGE]) {
    struct daemon_config config;
    char why[LOG_LINE];
    log_hold(why, sizeof why);
    int status = config_parse(&config, text->bytes, text->size, text->name);
    bool parsed = !status;
    if (!status)
        status = config_check_source(&config); /* else the daemon would not take the file, and the change with it */
    if (!status) status = own_tags_take(c->own_tags, &config, NULL, NULL);
    log_release();
    if (parsed) config_finish(&config);
    return serve_change_code(status, why, text->name, message);
}

static bool may(void *user) {
    struct service_change *c = user;
    pthread_mutex_lock(&c->lock);
    bool stop = c->stop;
    pthread_mutex_unlock(&c->lock);
    return !stop;
}

static enum serve_code refuse(enum serve_code code, char message[SERVE_MESSAGE], const char *text) {
    snprintf(message, SERVE_MESSAGE, "%s", text);
    return code;
}

static enum serve_code swap(struct service_change *c, struct tags_text *text, char message[SERVE_MESSAGE]) {
    bool changed;
    struct file_swap s = {.path = c->path,
                          .old = c->now->bytes,
                          .old_size = c->now->size,
                          .bytes = text->bytes,
                          .size = text->size,
                          .may = may,
                          .user = c};
    if (file_swap(&s, &changed))
        return refuse(SERVE_FAILED, message, "the file cannot be written: the board's log tells why");
    if (changed) return refuse(SERVE_BUSY, message, "somebody else saves the file: ask again in a second");
    char *bytes = text->bytes;
    text->bytes = NULL;
    return take_bytes(c, bytes, text->size) ? SERVE_FAILED : SERVE_OK; /* it was checked: only memory may lack */
}

/* A copy of the file's text, to be changed; free(text->bytes), on error too. */
static enum serve_code copy_text(const struct service_change *c, struct tags_text *text, char message[SERVE_MESSAGE]) {
    *text = (struct tags_text){.size = c->now->size, .name = c->path, .options = &config_passed_over};
    if (c->now->own)
        return refuse(SERVE_LIMIT, message, "these tags are the model's own: to change them write them into the ini");
    text->bytes = malloc(c->now->size + 1);
    if (!text->bytes) return refuse(SERVE_FAILED, message, "out of memory");
    memcpy(text->bytes, c->now->bytes, c->now->size);
    return SERVE_OK;
}

/* The daemon sees the file change, as if it were edited by hand. */
static enum serve_code make(struct service_change *c, const struct serve_change *change, char message[SERVE_MESSAGE]) {
    struct tags_text text;
    enum serve_code code = copy_text(c, &text, message);
    if (!code) code = serve_change_text(&text, &c->now->config.tags, change, message);
    if (!code) code = check(c, &text, message);
    if (!code) code = swap(c, &text, message);
    free(text.bytes);
    return code;
}

/* The tags of the text as it is by now. */
static enum serve_code parse_tags(const struct tags_text *text, struct tags_file *tags, char message[SERVE_MESSAGE]) {
    char why[LOG_LINE];
    log_hold(why, sizeof why);
    int status = tags_file_parse(tags, text->bytes, text->size, text->name, text->options);
    log_release();
    return serve_change_code(status, why, text->name, message);
}

/* What `set` and then `remove` would make of the text. */
static enum serve_code try_change(struct service_change *c, const struct serve_change *change, struct tags_text *text,
                                  struct tags_file *tags, char message[SERVE_MESSAGE]) {
    struct serve_change set = {.kind = SERVE_SET, .tag = change->tag, .values = change->values, .count = change->count};
    struct serve_change without = {
        .kind = SERVE_REMOVE, .tag = change->tag, .values = change->without, .count = change->without_count};
    enum serve_code code = SERVE_OK;
    bool there = tags_file_find(&c->now->config.tags, change->tag);
    if (!set.count) set.kind = SERVE_ADD;
    if (set.count || !there) code = serve_change_text(text, &c->now->config.tags, &set, message);
    if (!code) code = check(c, text, message);
    if (!code) code = parse_tags(text, tags, message);
    if (code || !without.count) return code;
    code = serve_change_text(text, tags, &without, message);
    tags_file_finish(tags);
    if (!code) code = check(c, text, message);
    return code ? code : parse_tags(text, tags, message);
}

static enum serve_code try_it(struct service_change *c, const struct place *p, char message[SERVE_MESSAGE]) {
    struct tags_file tags = {.count = 0};
    if (!c->replay) return refuse(SERVE_ABSENT, message, "there is nothing to replay");
    struct tags_text text;
    enum serve_code code = copy_text(c, &text, message);
    if (!code) code = try_change(c, &p->change, &text, &tags, message);
    free(text.bytes);
    if (!code) code = c->replay(c->user, &tags, c->path, p->change.tag, p->replayed, message);
    tags_file_finish(&tags);
    return code;
}

/* On top of what somebody else saves meanwhile. A file that is no good may be half saved. */
static enum serve_code make_at_last(struct service_change *changes, const struct place *p,
                                    char message[SERVE_MESSAGE]) {
    enum serve_code code = SERVE_BUSY;
    char why[LOG_LINE] = "";
    bool good = false, ever = false;
    for (int i = 0; i < TRIES && may(changes) && (!good || code == SERVE_BUSY); i++) {
        if (i) usleep(PAUSE_US);
        log_hold(why, sizeof why);
        good = !read_again(changes);
        log_release();
        if (good) code = p->replayed ? try_it(changes, p, message) : make(changes, &p->change, message);
        ever |= good;
    }
    if (ever || !may(changes)) return code; /* one that was good before is being saved */
    if (why[0]) log_error("%s", why);
    return refuse(SERVE_FAILED, message, "the board's file is no good as it was edited: its log tells why");
}

/* ---- the thread ---- */

static struct place *first_waiting(struct service_change *c) {
    struct place *first = NULL;
    for (struct place *p = c->places; p < c->places + PLACES; p++)
        if (p->state == WAITS && (!first || p->origin.ticket < first->origin.ticket)) first = p;
    return first;
}

/* Under the lock, which it gives up while the disk works. */
static void run_one(struct service_change *c, struct place *p) {
    char message[SERVE_MESSAGE] = "";
    p->state = RUNS;
    pthread_mutex_unlock(&c->lock);
    enum serve_code code = make_at_last(c, p, message);
    pthread_mutex_lock(&c->lock);
    p->code = code;
    memcpy(p->message, message, sizeof message);
    p->ended_ns = clock_ns(CLOCK_MONOTONIC);
    p->state = ENDED;
    arena_finish(&p->arena);
    if (!c->stop) c->ended(c->user); /* who it belongs to may be gone after that */
}

static void look(struct service_change *c) {
    char why[LOG_LINE];
    c->look = false;
    pthread_mutex_unlock(&c->lock);
    log_hold(why, sizeof why); /* the daemon has said it */
    read_again(c);
    log_release();
    pthread_mutex_lock(&c->lock);
}

static void *run(void *user) {
    struct service_change *c = user;
    pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        struct place *p = first_waiting(c);
        if (p)
            run_one(c, p);
        else if (c->look)
            look(c);
        else
            pthread_cond_wait(&c->changed, &c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* ---- opening ---- */

static void destroy(struct service_change *c) {
    for (struct place *p = c->places; p < c->places + PLACES; p++) arena_finish(&p->arena), free(p->replayed);
    release(c->now);
    release(c->next);
    release(c->shown);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c->path);
    free(c);
}

int service_change_open(struct service_change **out, const char *path, const struct own_tags *own,
                        void (*ended)(void *user), void *user) {
    struct service_change *c = *out = calloc(1, sizeof *c);
    if (!c) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    c->path = strdup(path), c->own_tags = own, c->ended = ended, c->user = user;
    pthread_mutex_init(&c->lock, NULL);
    clock_condition(&c->changed);
    if (c->path) {
        file_swap_clean(path);
        read_again(c);
        if (!thread_start(&c->thread, run, c, false)) return OCELLI_OK;
    }
    destroy(c);
    *out = NULL;
    return log_fail(OCELLI_ERR_MEMORY, "no thread to make changes");
}

bool service_change_close(struct service_change **out, int timeout_ms) {
    struct service_change *c = *out;
    if (!c) return true;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    if (!thread_join(&c->thread, clock_in(timeout_ms))) return false;
    destroy(c);
    *out = NULL;
    return true;
}

/* ---- the thread that asks ---- */

void service_change_set_replay(struct service_change *change, service_replay *replay) {
    change->replay = replay;
}

const struct daemon_config *service_change_config(struct service_change *change, uint64_t *version) {
    pthread_mutex_lock(&change->lock);
    if (change->next) {
        release(change->shown);
        change->shown = change->next;
        change->next = NULL;
    }
    pthread_mutex_unlock(&change->lock);
    if (change->shown) *version = change->shown->version;
    return change->shown ? &change->shown->config : NULL;
}

void service_change_check(struct service_change *change) {
    pthread_mutex_lock(&change->lock);
    change->look = true;
    pthread_cond_broadcast(&change->changed);
    pthread_mutex_unlock(&change->lock);
}

static bool is_open(const struct place *p) {
    return p->state == WAITS || p->state == RUNS;
}

/* NULL: it is a new one. */
static struct place *find(struct service_change *c, const struct serve_origin *origin) {
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    for (struct place *p = c->places; p < c->places + PLACES; p++) {
        const struct serve_origin *a = &p->origin;
        if (p->state == FREE) continue;
        if (origin->ticket ? a->ticket == origin->ticket : a->client == origin->client && a->request == origin->request)
            if (origin->ticket || is_open(p) || (a->named && now - p->ended_ns < SAME_NS)) return p;
    }
    return NULL;
}

/* NULL: too many wait. */
static struct place *find_place(struct service_change *c) {
    struct place *best = NULL;
    size_t open = 0;
    for (struct place *p = c->places; p < c->places + PLACES; p++) {
        open += is_open(p);
        if (!is_open(p) && (!best || p->state == FREE || (best->state == ENDED && p->ended_ns < best->ended_ns)))
            best = p;
    }
    return open < SERVICE_CHANGES ? best : NULL;
}

/* NULL: out of memory. */
static struct serve_value *keep_values(struct place *p, const struct serve_value *from, size_t count) {
    struct serve_value *values = arena_alloc(&p->arena, count + 1, sizeof *values);
    for (size_t i = 0; values && i < count; i++) {
        values[i] = (struct serve_value){from[i].key, arena_copy(&p->arena, from[i].text, strlen(from[i].text))};
        if (!values[i].text) return NULL;
    }
    return values;
}

/* Copies the texts. false: out of memory. */
static bool keep(struct place *p, const struct serve_change *change) {
    p->change = (struct serve_change){.kind = change->kind,
                                      .tag = arena_copy(&p->arena, change->tag, strlen(change->tag)),
                                      .values = keep_values(p, change->values, change->count),
                                      .count = change->count,
                                      .without = keep_values(p, change->without, change->without_count),
                                      .without_count = change->without_count};
    if (change->replayed) p->replayed = calloc(1, sizeof *p->replayed);
    return p->change.tag && p->change.values && p->change.without && (p->replayed || !change->replayed);
}

/* The client's earlier requests are no longer its last one. If it sends one of them again, it means a new change. */
static void outdate(struct service_change *c, uint64_t client) {
    for (struct place *p = c->places; p < c->places + PLACES; p++)
        if (p->origin.client == client) p->origin.named = false;
}

static enum serve_code begin(struct service_change *c, const struct serve_change *change, char message[SERVE_MESSAGE]) {
    struct serve_origin *origin = change->origin;
    struct place *p = origin->may_wait ? find_place(c) : NULL;
    if (!p) return refuse(SERVE_BUSY, message, "too many changes wait for the disk: ask again in a second");
    arena_finish(&p->arena);
    free(p->replayed);
    *p = (struct place){.state = FREE};
    if (!keep(p, change)) {
        arena_finish(&p->arena);
        return refuse(SERVE_FAILED, message, "out of memory");
    }
    outdate(c, origin->client);
    origin->ticket = ++c->tickets;
    p->origin = *origin, p->state = WAITS;
    pthread_cond_broadcast(&c->changed);
    return SERVE_DEFERRED;
}

static enum serve_code answer(const struct place *p, const struct serve_change *change, char message[SERVE_MESSAGE]) {
    struct serve_origin *origin = change->origin;
    if (change->replayed && p->replayed) *change->replayed = *p->replayed;
    origin->ticket = p->origin.ticket;
    if (is_open(p)) return SERVE_DEFERRED;
    return refuse(p->code, message, p->message);
}

enum serve_code service_change(struct service_change *changes, const struct serve_change *change,
                               char message[SERVE_MESSAGE]) {
    struct serve_origin *origin = change->origin;
    pthread_mutex_lock(&changes->lock);
    const struct place *p = find(changes, origin);
    enum serve_code code = p                ? answer(p, change, message)
                           : origin->ticket ? refuse(SERVE_BUSY, message, "its end is forgotten: ask again")
                                            : begin(changes, change, message);
    pthread_mutex_unlock(&changes->lock);
    return code;
}

bool service_change_pending(struct service_change *change, uint64_t ticket) {
    bool open = false;
    pthread_mutex_lock(&change->lock);
    for (const struct place *p = change->places; p < change->places + PLACES; p++)
        open |= p->origin.ticket == ticket && is_open(p);
    pthread_mutex_unlock(&change->lock);
    return open;
}
