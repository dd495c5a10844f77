/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "memory/best.h"
#include "memory/history_inner.h"
#include "memory/pack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_AT_CLOCK = 1024 /* pictures */, SESSIONS = 1 << 20 };

/* ms from 1970: tens of thousands of years. ocelli writes no later time. */
#define TIME_MOST INT64_C(1000000000000000)

/* A run as the pictures need it. */
struct session {
    int64_t id, boot_at_ms;
    bool ours;
};

struct scan {
    struct history *h;
    struct session *sessions; /* (count), by id */
    size_t count;
    int16_t *text; /* (D) */
    float scale;
    struct best best;
    struct history_found *found;
};

static sqlite3_stmt *prepare(struct history *h, const char *text) {
    sqlite3_stmt *s = NULL;
    sqlite3_prepare_v2(h->db, text, -1, &s, NULL);
    return s;
}

int history_tell_others(struct history *history) {
    sqlite3_stmt *s = prepare(history, "SELECT name FROM run WHERE key <> ?1 ORDER BY id DESC LIMIT 1");
    if (!s) return history_fault(history, "cannot read the history");
    sqlite3_bind_text(s, 1, history->model.key, -1, SQLITE_STATIC);
    int code = history_step(history, s);
    if (code == SQLITE_ROW)
        log_warn("%s: has pictures of another model (%s); they are not searched, and go when they are the oldest",
                 history->path, (const char *)sqlite3_column_text(s, 0));
    int status =
        code == SQLITE_ROW || code == SQLITE_DONE ? OCELLI_OK : history_fault(history, "cannot read the history");
    sqlite3_finalize(s);
    return status;
}

/* SQLite reads in the order of the ids. Only pages of the file that point to each other in circles break that order. */
static int out_of_order(const struct scan *scan) {
    return log_fail(OCELLI_ERR_FILE, "%s: damaged, its rows are not in order: move it away, and a new one is begun",
                    scan->h->path);
}

static int take_session(struct scan *scan, sqlite3_stmt *s) {
    if (scan->count && sqlite3_column_int64(s, 0) <= scan->sessions[scan->count - 1].id) return out_of_order(scan);
    if (scan->count == SESSIONS)
        return log_fail(OCELLI_ERR_FILE, "%s: more than %d runs: move it away, and a new one is begun", scan->h->path,
                        SESSIONS);
    if (!(scan->count & (scan->count - 1))) { /* the table holds the next power of two */
        struct session *grown = realloc(scan->sessions, (scan->count ? 2 * scan->count : 1) * sizeof *grown);
        if (!grown) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", scan->h->path);
        scan->sessions = grown;
    }
    const char *key = (const char *)sqlite3_column_text(s, 2);
    bool ours = key && !strcmp(key, scan->h->model.key);
    scan->sessions[scan->count++] = (struct session){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), ours};
    return OCELLI_OK;
}

static int read_sessions(struct scan *scan) {
    sqlite3_stmt *s = prepare(scan->h, "SELECT id, boot_at_ms, key FROM run ORDER BY id");
    int code = SQLITE_ERROR, status = OCELLI_OK;
    while (s && !status && (code = history_step(scan->h, s)) == SQLITE_ROW) status = take_session(scan, s);
    if (!status && code != SQLITE_DONE) status = history_fault(scan->h, "cannot read the history");
    sqlite3_finalize(s);
    return status;
}

static int by_id(const void *key, const void *of) {
    int64_t id = *(const int64_t *)key;
    const struct session *session = of;
    return (id > session->id) - (id < session->id);
}

static void compare(struct scan *scan, const struct session *session, sqlite3_stmt *s) {
    uint32_t size = scan->h->model.size;
    const int8_t *vector = sqlite3_column_blob(s, 4);
    int64_t time_ms;
    if (!vector || (uint32_t)sqlite3_column_bytes(s, 4) != size) return; /* not written by us */
    if (__builtin_add_overflow(session->boot_at_ms, sqlite3_column_int64(s, 2), &time_ms) || llabs(time_ms) > TIME_MOST)
        return;
    float cosine = scan->scale * (float)sqlite3_column_double(s, 3) * (float)pack_dot(vector, scan->text, size);
    if (!isfinite(cosine)) return;
    struct best_hit hit = {sqlite3_column_int64(s, 0), time_ms, cosine};
    best_add(&scan->best, &hit);
    scan->found->compared++;
    scan->found->since = (double)hit.time_ms / 1000;
}

static bool over(const struct history_question *q) {
    return (q->until_ns && clock_ns(CLOCK_MONOTONIC) >= q->until_ns) || (q->stop && *q->stop);
}

static int scan_all(struct scan *scan, const struct history_question *question) {
    sqlite3_stmt *s = prepare(scan->h, "SELECT id, run, boot_ms, scale, vector FROM picture ORDER BY id DESC");
    const struct session *session = NULL;
    int code = SQLITE_ERROR;
    int64_t last = INT64_MAX;
    for (size_t i = 0; s && scan->found->all && (code = history_step(scan->h, s)) == SQLITE_ROW; i++) {
        int64_t id = sqlite3_column_int64(s, 1), row = sqlite3_column_int64(s, 0);
        if (i && row >= last) break;
        last = row;
        if (!session || session->id != id) session = bsearch(&id, scan->sessions, scan->count, sizeof *session, by_id);
        if (session && session->ours) compare(scan, session, s);
        if (i % LOOK_AT_CLOCK == 0) scan->found->all = !over(question);
    }
    int status = code == SQLITE_DONE || !scan->found->all ? OCELLI_OK
                 : code == SQLITE_ROW                     ? out_of_order(scan)
                                                          : history_fault(scan->h, "cannot read the history");
    sqlite3_finalize(s);
    return status;
}

static int give(struct scan *scan) {
    sqlite3_stmt *s = prepare(scan->h, "SELECT tags FROM picture WHERE id = ?1");
    bool good = s != NULL;
    best_choose(&scan->best);
    for (size_t i = 0; good && i < scan->best.count; i++) {
        const struct best_hit *from = &scan->best.hits[i];
        struct history_hit *to = &scan->found->hits[i];
        sqlite3_bind_int64(s, 1, from->id);
        good = history_step(scan->h, s) == SQLITE_ROW;
        const char *tags = good ? (const char *)sqlite3_column_text(s, 0) : NULL;
        *to = (struct history_hit){.time = (double)from->time_ms / 1000, .score = (double)from->score};
        snprintf(to->tags, sizeof to->tags, "%s", tags ? tags : "");
        sqlite3_reset(s);
    }
    scan->found->count = good ? scan->best.count : 0;
    int status = good ? OCELLI_OK : history_fault(scan->h, "cannot read the history");
    sqlite3_finalize(s);
    return status;
}

/* One transaction: what is written and deleted meanwhile is not seen. */
static int look(struct scan *scan, const struct history_question *q) {
    if (sqlite3_exec(scan->h->db, "BEGIN", NULL, NULL, NULL)) return history_fault(scan->h, "cannot read the history");
    int status = read_sessions(scan);
    if (!status) status = scan_all(scan, q);
    if (!status) status = give(scan);
    sqlite3_exec(scan->h->db, "COMMIT", NULL, NULL, NULL);
    return status;
}

int history_search(struct history *history, const struct history_question *question, struct history_found *found) {
    struct scan scan = {.h = history, .found = found};
    found->count = 0, found->compared = 0, found->since = (double)NAN, found->all = true;
    int status = best_init(&scan.best, question->wanted, question->apart_ms);
    scan.text = calloc(history->model.size + 1, sizeof *scan.text);
    if (!status && !scan.text) status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", history->path);
    if (!status) {
        scan.scale = pack_text(question->vector, history->model.size, scan.text);
        status = look(&scan, question);
    }
    best_finish(&scan.best);
    free(scan.sessions);
    free(scan.text);
    return status;
}
