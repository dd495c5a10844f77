/* SPDX-License-Identifier: Apache-2.0
 * The vectors of a file, one block after the other: rows of `picture`, and pages. */
#include "base/log.h"
#include "memory/history_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SESSIONS = 1 << 20, GATHERED = 256 /* rows a block */ };

/* ms from 1970: tens of thousands of years. ocelli writes no later time. */
#define TIME_MOST INT64_C(1000000000000000)

/* A run as the pictures need it. */
struct session {
    int64_t id, boot_at_ms;
    bool ours;
};

struct reading {
    struct history *h;
    struct session *sessions; /* (session_count), by id */
    size_t session_count;
    struct history_fact facts[GATHERED];
    int8_t *vectors;    /* (GATHERED, D), of rows */
    size_t count, live; /* live: vectors given */
    bool (*each)(void *user, const struct history_block *block);
    void *user;
    bool on;        /* false: each() has seen enough */
    bool unchecked; /* each() compares the sums of vectors */
    /* of pages */
    int64_t below; /* first id of the page before */
    const struct session *session;
};

enum { PAGE_GOOD, PAGE_ORDER /* rows are out of order */, PAGE_DAMAGED };

static int cannot_read(const struct reading *r) {
    return history_fault(r->h, "cannot read");
}

/* SQLite reads in the order of the ids. Only pages of the file that point to each other in circles break that order. */
static int out_of_order(const struct reading *r) {
    return log_fail(OCELLI_ERR_FILE, "%s: damaged, its rows are not in order: move it away, and a new one is begun",
                    r->h->path);
}

static int damaged(const struct reading *r, int64_t first) {
    return log_fail(
        OCELLI_ERR_FILE,
        "%s: damaged, its page of vectors from picture %lld on has another sum: move it away, and index anew",
        r->h->path, (long long)first);
}

/* ---- runs ---- */

static int take_session(struct reading *r, sqlite3_stmt *s) {
    if (r->session_count && sqlite3_column_int64(s, 0) <= r->sessions[r->session_count - 1].id) return out_of_order(r);
    if (r->session_count == SESSIONS)
        return log_fail(OCELLI_ERR_FILE, "%s: more than %d runs: move it away, and a new one is begun", r->h->path,
                        SESSIONS);
    if (!(r->session_count & (r->session_count - 1))) { /* the table holds the next power of two */
        size_t capacity = r->session_count ? 2 * r->session_count : 1;
        struct session *grown = realloc(r->sessions, capacity * sizeof *grown);
        if (!grown) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", r->h->path);
        r->sessions = grown;
    }
    const char *key = (const char *)sqlite3_column_text(s, 2);
    bool ours = key && !strcmp(key, r->h->model.key);
    r->sessions[r->session_count++] = (struct session){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), ours};
    return OCELLI_OK;
}

static int read_sessions(struct reading *r) {
    sqlite3_stmt *s = history_prepare(r->h, "SELECT id, boot_at_ms, key FROM run ORDER BY id");
    int code = SQLITE_ERROR, status = OCELLI_OK;
    while (s && !status && (code = history_step(r->h, s)) == SQLITE_ROW) status = take_session(r, s);
    if (!status && code != SQLITE_DONE) status = cannot_read(r);
    sqlite3_finalize(s);
    return status;
}

static int by_id(const void *key, const void *of) {
    int64_t id = *(const int64_t *)key;
    const struct session *session = of;
    return (id > session->id) - (id < session->id);
}

/* *last: the one of the row before, as most rows have the same. */
static const struct session *session_of(const struct reading *r, int64_t id, const struct session **last) {
    if (!*last || (*last)->id != id) *last = bsearch(&id, r->sessions, r->session_count, sizeof *r->sessions, by_id);
    return *last && (*last)->ours ? *last : NULL;
}

/* ---- rows ---- */

static void give_rows(struct reading *r) {
    struct history_block block = {r->count, r->facts, r->vectors, NULL};
    r->live += r->count;
    if (r->count && r->on) r->on = r->each(r->user, &block);
    r->count = 0;
}

/* What was not written by us is passed over. */
static void take_row(struct reading *r, const struct session *session, sqlite3_stmt *s) {
    uint32_t size = r->h->model.size;
    const int8_t *vector = sqlite3_column_blob(s, 4);
    float scale = (float)sqlite3_column_double(s, 3);
    int64_t time_ms;
    if (!vector || (uint32_t)sqlite3_column_bytes(s, 4) != size || !isfinite(scale)) return;
    if (__builtin_add_overflow(session->boot_at_ms, sqlite3_column_int64(s, 2), &time_ms) || llabs(time_ms) > TIME_MOST)
        return;
    memcpy(r->vectors + r->count * size, vector, size);
    r->facts[r->count++] = (struct history_fact){sqlite3_column_int64(s, 0), time_ms, scale};
    if (r->count == GATHERED) give_rows(r);
}

/* Those that lie in pages stand below the others, so a library's rows end at the newest page. */
static int read_rows(struct reading *r, int64_t above) {
    sqlite3_stmt *s =
        history_prepare(r->h, "SELECT id, run, boot_ms, scale, vector FROM picture WHERE id > ?1 ORDER BY id DESC");
    const struct session *session = NULL;
    int code = SQLITE_ERROR;
    int64_t last = INT64_MAX;
    if (s) sqlite3_bind_int64(s, 1, above);
    for (size_t i = 0; s && r->on && (code = history_step(r->h, s)) == SQLITE_ROW; i++) {
        int64_t row = sqlite3_column_int64(s, 0);
        if (i && row >= last) break;
        last = row;
        if (session_of(r, sqlite3_column_int64(s, 1), &session)) take_row(r, session, s);
    }
    int status = code == SQLITE_DONE || !r->on ? OCELLI_OK : code == SQLITE_ROW ? out_of_order(r) : cannot_read(r);
    sqlite3_finalize(s);
    if (!status) give_rows(r);
    return status;
}

/* ---- pages ---- */

static bool is_whole(const struct reading *r, const struct page_row *p, struct history_check *check) {
    if (p->count < 1 || p->count > PAGE_VECTORS || !p->facts || !p->vectors) return false;
    size_t facts = (size_t)p->count * sizeof(struct page_fact), vectors = (size_t)p->count * r->h->model.size;
    if (p->fact_bytes != facts || p->vector_bytes != vectors) return false;
    check->sum = p->sum ^ page_sum(p->facts, facts);
    return r->unchecked || page_sum(p->vectors, vectors) == check->sum;
}

/* false: the vectors have another sum. */
static bool give_page(struct reading *r, const struct page_row *p, struct history_check *check) {
    struct history_block block = {(size_t)p->count, r->facts, p->vectors, r->unchecked ? check : NULL};
    size_t live = 0;
    for (size_t i = 0; i < block.count; i++) {
        struct page_fact f;
        memcpy(&f, p->facts + i * sizeof f, sizeof f);
        bool good = isfinite(f.scale) && llabs(f.time_ms) <= TIME_MOST;
        r->facts[i] = (struct history_fact){p->first + (int64_t)f.offset, f.time_ms, good ? f.scale : 0};
        live += r->facts[i].scale > 0;
    }
    bool on = r->each(r->user, &block);
    if (check->wrong) return false;
    r->on = on, r->live += live;
    return true;
}

/* One of another model is passed over. */
static int take_page(struct reading *r, const struct page_row *p) {
    if (p->first >= r->below) return PAGE_ORDER;
    struct history_check check = {0};
    bool ours = session_of(r, p->run, &r->session);
    if (ours && !(is_whole(r, p, &check) && give_page(r, p, &check))) return PAGE_DAMAGED;
    r->below = p->first;
    return PAGE_GOOD;
}

static bool take_direct(void *user, const struct page_row *row) {
    struct reading *r = user;
    return take_page(r, row) == PAGE_GOOD && r->on;
}

static int take_stepped(struct reading *r, sqlite3_stmt *s) {
    struct page_row p = {.first = sqlite3_column_int64(s, 0),
                         .run = sqlite3_column_int64(s, 1),
                         .count = sqlite3_column_int64(s, 2),
                         .sum = sqlite3_column_int64(s, 3),
                         .facts = sqlite3_column_blob(s, 4),
                         .vectors = sqlite3_column_blob(s, 5),
                         .fact_bytes = (size_t)sqlite3_column_bytes(s, 4),
                         .vector_bytes = (size_t)sqlite3_column_bytes(s, 5)};
    switch (take_page(r, &p)) {
    case PAGE_ORDER: return out_of_order(r);
    case PAGE_DAMAGED: return damaged(r, p.first);
    default: return OCELLI_OK;
    }
}

/* Where they lie in the file, as far as that goes; SQLite reads the rest, and tells of faults. */
static int read_pages(struct reading *r) {
    r->below = INT64_MAX, r->session = NULL;
    page_rows(r->h, take_direct, r);
    if (!r->on) return OCELLI_OK;
    sqlite3_stmt *s = history_prepare(
        r->h, "SELECT first, run, count, sum, facts, vectors FROM page WHERE first < ?1 ORDER BY first DESC");
    int code = SQLITE_ERROR, status = OCELLI_OK;
    if (s) sqlite3_bind_int64(s, 1, r->below);
    while (s && r->on && !status && (code = history_step(r->h, s)) == SQLITE_ROW) status = take_stepped(r, s);
    if (!status && code != SQLITE_DONE && r->on) status = cannot_read(r);
    sqlite3_finalize(s);
    return status;
}

bool history_last_packed(struct history *history, int64_t *last) {
    *last = INT64_MIN;
    if (history->version < HISTORY_VERSION) return true;
    sqlite3_stmt *s = history_prepare(history, "SELECT first, facts FROM page ORDER BY first DESC LIMIT 1");
    int code = s ? history_step(history, s) : SQLITE_ERROR;
    size_t size = code == SQLITE_ROW ? (size_t)sqlite3_column_bytes(s, 1) : 0;
    if (size >= sizeof(struct page_fact)) {
        struct page_fact f;
        memcpy(&f, (const uint8_t *)sqlite3_column_blob(s, 1) + size - sizeof f, sizeof f);
        *last = sqlite3_column_int64(s, 0) + (int64_t)f.offset;
    }
    sqlite3_finalize(s);
    return code == SQLITE_ROW || code == SQLITE_DONE;
}

/* SQLite has no sums: a damaged page of its own may hide others without a word. But each picture of a library has one
 * vector. */
static int check_complete(struct reading *r) {
    sqlite3_stmt *s = history_prepare(r->h, "SELECT count(*) FROM picture");
    int code = s ? history_step(r->h, s) : SQLITE_ERROR;
    int64_t pictures = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    int status = OCELLI_OK;
    if (code != SQLITE_ROW)
        status = cannot_read(r);
    else if (pictures != (int64_t)r->live)
        status =
            log_fail(OCELLI_ERR_FILE, "%s: damaged, it has %lld pictures and %zu vectors: move it away, and index anew",
                     r->h->path, (long long)pictures, r->live);
    sqlite3_finalize(s);
    return status;
}

static int read_all(struct reading *r) {
    int64_t packed;
    bool own = sqlite3_get_autocommit(r->h->db); /* else the caller reads more of the same state */
    if (own && sqlite3_exec(r->h->db, "BEGIN", NULL, NULL, NULL)) return cannot_read(r);
    int status = read_sessions(r);
    if (!status && !history_last_packed(r->h, &packed)) status = cannot_read(r);
    if (!status) status = read_rows(r, packed);
    if (!status && r->on && packed != INT64_MIN) status = read_pages(r);
    if (!status && r->on && r->h->is_library) status = check_complete(r);
    if (own) sqlite3_exec(r->h->db, "COMMIT", NULL, NULL, NULL);
    return status;
}

static int blocks(struct history *history, bool (*each)(void *user, const struct history_block *block), void *user,
                  bool unchecked) {
    struct reading *r = calloc(1, sizeof *r);
    int8_t *vectors = calloc(GATHERED, history->model.size + 1);
    int status = OCELLI_OK;
    if (r && vectors) {
        *r = (struct reading){history,      .vectors = vectors, .each = each,
                              .user = user, .on = true,         .unchecked = unchecked};
        status = read_all(r);
        free(r->sessions);
    } else {
        status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", history->path);
    }
    free(vectors);
    free(r);
    return status;
}

int history_blocks(struct history *history, bool (*each)(void *user, const struct history_block *block), void *user) {
    return blocks(history, each, user, false);
}

int history_unchecked_blocks(struct history *history, bool (*each)(void *user, const struct history_block *block),
                             void *user) {
    return blocks(history, each, user, true);
}

/* ---- in memory ---- */

struct loading {
    struct history_vectors *to;
    size_t size;
    int64_t since_ms;
    size_t most; /* vectors; 0: all */
    bool full;   /* no memory */
};

static bool reserve(struct loading *l, size_t more) {
    struct history_vectors *v = l->to;
    if (v->count + more <= v->capacity) return true;
    size_t capacity = 2 * v->capacity + more;
    struct history_fact *facts = realloc(v->facts, capacity * sizeof *facts);
    if (facts) v->facts = facts;
    int8_t *vectors = realloc(v->vectors, capacity * l->size);
    if (vectors) v->vectors = vectors;
    if (facts && vectors) v->capacity = capacity;
    return facts && vectors;
}

static bool load(void *user, const struct history_block *b) {
    struct loading *l = user;
    l->full = !reserve(l, b->count);
    for (size_t i = 0; !l->full && i < b->count; i++) {
        if (l->most && (l->to->count == l->most || b->facts[i].time_ms < l->since_ms)) return false;
        if (!(b->facts[i].scale > 0)) continue;
        memcpy(l->to->vectors + l->to->count * l->size, b->vectors + i * l->size, l->size);
        l->to->facts[l->to->count++] = b->facts[i];
    }
    return !l->full;
}

static int load_all(struct history *h, struct loading *l) {
    *l->to = (struct history_vectors){0};
    int status = history_blocks(h, load, l);
    if (!status && l->full)
        status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for %zu vectors", h->path, l->to->count);
    return status;
}

int history_load(struct history *history, struct history_vectors *vectors) {
    return load_all(history, &(struct loading){.to = vectors, .size = history->model.size});
}

int history_load_recent(struct history *history, int64_t since_ms, size_t most, struct history_vectors *vectors) {
    return load_all(history, &(struct loading){vectors, history->model.size, since_ms, most, false});
}

void history_vectors_finish(struct history_vectors *vectors) {
    free(vectors->facts);
    free(vectors->vectors);
    *vectors = (struct history_vectors){0};
}
