/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "memory/best.h"
#include "memory/dots.h"
#include "memory/history_inner.h"
#include "memory/pack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
    const struct history_question *question;
    size_t size;   /* D */
    int16_t *text; /* (D) */
    float scale;
    dots_function *dots;
    int32_t sums[PAGE_VECTORS];
    int64_t *among; /* (among_count), sorted: ids that count; NULL: all */
    size_t among_count;
    struct best best;
    struct history_found *found;
};

int history_tell_others(struct history *history) {
    sqlite3_stmt *s = history_prepare(history, "SELECT name FROM run WHERE key <> ?1 ORDER BY id DESC LIMIT 1");
    if (!s) return history_fault(history, "cannot read");
    sqlite3_bind_text(s, 1, history->model.key, -1, SQLITE_STATIC);
    int code = history_step(history, s);
    if (code == SQLITE_ROW)
        log_warn("%s: has pictures of another model (%s); they are not searched, and go when they are the oldest",
                 history->path, (const char *)sqlite3_column_text(s, 0));
    int status = code == SQLITE_ROW || code == SQLITE_DONE ? OCELLI_OK : history_fault(history, "cannot read");
    sqlite3_finalize(s);
    return status;
}

/* ---- comparing ---- */

static bool over(const struct history_question *q) {
    return (q->until_ns && clock_ns(CLOCK_MONOTONIC) >= q->until_ns) || (q->stop && *q->stop);
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool is_among(const struct scan *scan, int64_t id) {
    return !scan->among || bsearch(&id, scan->among, scan->among_count, sizeof *scan->among, by_value);
}

static void compare(struct scan *scan, const struct history_fact *fact, int32_t sum) {
    const struct history_question *q = scan->question;
    if (q->since_ms && fact->time_ms < q->since_ms) return;
    scan->found->compared++;
    scan->found->since = (double)fact->time_ms / 1000;
    float cosine = scan->scale * fact->scale * (float)sum;
    const struct best *best = &scan->best;
    bool enough = best->count == best->capacity && best->count && cosine <= best->hits[best->count - 1].score;
    if (enough || !isfinite(cosine) || !is_among(scan, fact->id)) return;
    struct best_hit hit = {fact->id, fact->time_ms, cosine};
    best_add(&scan->best, &hit);
}

static bool compare_block(void *user, const struct history_block *block) {
    struct scan *scan = user;
    int64_t sum;
    scan->dots(block->vectors, block->count, scan->size, scan->text, scan->sums, block->check ? &sum : NULL);
    if (block->check && sum != block->check->sum) {
        block->check->wrong = true;
        return false;
    }
    for (size_t i = 0; i < block->count; i++)
        if (block->facts[i].scale > 0) compare(scan, &block->facts[i], scan->sums[i]);
    scan->found->all = !over(scan->question);
    return scan->found->all;
}

/* ---- files below a path ---- */

static bool add_among(struct scan *scan, int64_t id) {
    if (!(scan->among_count & (scan->among_count - 1))) { /* there is room for the next power of two */
        size_t capacity = scan->among_count ? 2 * scan->among_count : 1;
        int64_t *grown = realloc(scan->among, capacity * sizeof *grown);
        if (!grown) return false;
        scan->among = grown;
    }
    scan->among[scan->among_count++] = id;
    return true;
}

/* Those of a folder whose names begin with `rest`. */
static int add_files(struct history *h, struct scan *scan, int64_t folder, const char *rest) {
    sqlite3_stmt *s = history_prepare(h, "SELECT id, name FROM file WHERE folder = ?1");
    int code = SQLITE_ERROR, status = OCELLI_OK;
    if (s) sqlite3_bind_int64(s, 1, folder);
    while (s && !status && (code = history_step(h, s)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 1);
        if (!name || strncmp(name, rest, strlen(rest))) continue;
        if (!add_among(scan, sqlite3_column_int64(s, 0)))
            status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", h->path);
    }
    if (!status && code != SQLITE_DONE) status = history_fault(h, "cannot read");
    sqlite3_finalize(s);
    return status;
}

/* "/a/b" fits the folders /a/b and /a/bc with all that is in them, and of /a the files whose names begin with b. */
static const char *rest_of(const char *prefix, const char *folder) {
    size_t length = strlen(folder), wanted = strlen(prefix);
    bool root = length == 1;
    if (!strncmp(folder, prefix, wanted)) return "";
    if (strncmp(folder, prefix, length) || (!root && prefix[length] != '/')) return NULL;
    const char *rest = prefix + length + !root;
    return strchr(rest, '/') ? NULL : rest;
}

static int choose_among(struct history *h, struct scan *scan, const char *prefix) {
    if (!prefix) return OCELLI_OK;
    scan->among = calloc(1, sizeof *scan->among); /* none is not all */
    if (!scan->among) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", h->path);
    if (h->version < HISTORY_VERSION) return OCELLI_OK;
    sqlite3_stmt *s = history_prepare(h, "SELECT id, path FROM folder");
    int code = SQLITE_ERROR, status = OCELLI_OK;
    while (s && !status && (code = history_step(h, s)) == SQLITE_ROW) {
        const char *folder = (const char *)sqlite3_column_text(s, 1), *rest = folder ? rest_of(prefix, folder) : NULL;
        if (rest) status = add_files(h, scan, sqlite3_column_int64(s, 0), rest);
    }
    if (!status && code != SQLITE_DONE) status = history_fault(h, "cannot read");
    sqlite3_finalize(s);
    qsort(scan->among, scan->among_count, sizeof *scan->among, by_value);
    return status;
}

/* ---- the answer ---- */

/* In one state of the file each vector has its row. */
static int without_row(const struct history *h, int64_t id) {
    return log_fail(OCELLI_ERR_FILE, "%s: damaged, picture %lld has a vector and no row: move it away, and %s", h->path,
                    (long long)id, h->is_library ? "index anew" : "a new one is begun");
}

static int give(struct history *h, struct scan *scan) {
    sqlite3_stmt *s = history_prepare(h, "SELECT tags FROM picture WHERE id = ?1");
    int status = s ? OCELLI_OK : history_fault(h, "cannot read");
    best_choose(&scan->best);
    for (size_t i = 0; !status && i < scan->best.count; i++) {
        const struct best_hit *from = &scan->best.hits[i];
        struct history_hit *to = &scan->found->hits[i];
        sqlite3_bind_int64(s, 1, from->id);
        int code = history_step(h, s);
        const char *tags = code == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
        *to = (struct history_hit){.id = from->id, .time = (double)from->time_ms / 1000, .score = (double)from->score};
        snprintf(to->tags, sizeof to->tags, "%s", tags ? tags : "");
        sqlite3_reset(s);
        if (code == SQLITE_DONE)
            status = without_row(h, from->id);
        else if (code != SQLITE_ROW)
            status = history_fault(h, "cannot read");
    }
    scan->found->count = status ? 0 : scan->best.count;
    sqlite3_finalize(s);
    return status;
}

int history_hold(struct history *history) {
    return sqlite3_exec(history->db, "BEGIN", NULL, NULL, NULL) ? history_fault(history, "cannot read") : OCELLI_OK;
}

void history_release(struct history *history) {
    if (!sqlite3_get_autocommit(history->db)) sqlite3_exec(history->db, "COMMIT", NULL, NULL, NULL);
}

static int look(struct history *h, struct scan *scan) {
    bool own = sqlite3_get_autocommit(h->db);
    int status = own ? history_hold(h) : OCELLI_OK;
    if (!status) status = choose_among(h, scan, scan->question->path);
    if (!status) status = history_unchecked_blocks(h, compare_block, scan);
    if (!status) status = give(h, scan);
    if (own) history_release(h);
    return status;
}

int history_search(struct history *history, const struct history_question *question, struct history_found *found) {
    struct scan *scan = calloc(1, sizeof *scan);
    int16_t *text = calloc(history->model.size + 1, sizeof *text);
    found->count = 0, found->compared = 0, found->since = (double)NAN, found->all = true;
    int status = scan && text ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", history->path);
    if (!status) {
        *scan = (struct scan){.question = question, .size = history->model.size, .text = text, .found = found};
        scan->dots = dots_best();
        scan->scale = pack_text(question->vector, scan->size, text);
        status = best_init(&scan->best, question->wanted, question->apart_ms);
        if (!status) status = look(history, scan);
        best_finish(&scan->best);
        free(scan->among);
    }
    free(text);
    free(scan);
    return status;
}
