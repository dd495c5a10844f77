/* SPDX-License-Identifier: Apache-2.0
 * Vectors move from rows into pages when there are enough of them, and of a page those that go get a scale of 0. */
#include "base/log.h"
#include "memory/history_inner.h"
#include "memory/library_inner.h"

#include <stdlib.h>
#include <string.h>

int library_find_packed(struct history *library) {
    struct page_fact last;
    int code = SQLITE_ERROR;
    library->packed = 0, library->loose = 0;
    sqlite3_stmt *s = history_prepare(library, "SELECT first, facts FROM page ORDER BY first DESC LIMIT 1");
    if (s) code = history_step(library, s);
    size_t size = code == SQLITE_ROW ? (size_t)sqlite3_column_bytes(s, 1) : 0;
    if (size >= sizeof last) {
        memcpy(&last, (const uint8_t *)sqlite3_column_blob(s, 1) + size - sizeof last, sizeof last);
        library->packed = sqlite3_column_int64(s, 0) + (int64_t)last.offset;
    }
    sqlite3_finalize(s);
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        s = history_prepare(library, "SELECT count(*) FROM picture WHERE id > ?1");
        if (s) sqlite3_bind_int64(s, 1, library->packed);
        code = s ? history_step(library, s) : SQLITE_ERROR;
        if (code == SQLITE_ROW) library->loose = (size_t)sqlite3_column_int64(s, 0);
        sqlite3_finalize(s);
    }
    return code == SQLITE_ROW || code == SQLITE_DONE ? OCELLI_OK : history_fault(library, "cannot read the library");
}

/* ---- packing ---- */

struct page {
    int64_t first, last;
    size_t count;
    struct page_fact facts[PAGE_VECTORS];
    int8_t vectors[PAGE_BYTES];
};

static bool gather(struct history *h, struct page *p, size_t most) {
    sqlite3_stmt *s = h->library[LIBRARY_LOOSE];
    size_t size = h->model.size;
    int code;
    p->count = 0;
    sqlite3_bind_int64(s, 1, h->packed);
    sqlite3_bind_int64(s, 2, (int64_t)most);
    while ((code = history_step(h, s)) == SQLITE_ROW) {
        const void *vector = sqlite3_column_blob(s, 3);
        bool good = vector && (size_t)sqlite3_column_bytes(s, 3) == size;
        p->last = sqlite3_column_int64(s, 0);
        if (!p->count) p->first = p->last;
        if (good) memcpy(p->vectors + p->count * size, vector, size);
        p->facts[p->count++] = (struct page_fact){sqlite3_column_int64(s, 1), (uint32_t)(p->last - p->first),
                                                  good ? (float)sqlite3_column_double(s, 2) : 0};
    }
    return (sqlite3_reset(s) == SQLITE_OK) & (code == SQLITE_DONE);
}

static bool write_page(struct history *h, const struct page *p) {
    sqlite3_stmt *s = h->library[LIBRARY_NEW_PAGE], *rows = h->library[LIBRARY_PACKED];
    size_t facts = p->count * sizeof *p->facts, vectors = p->count * h->model.size;
    sqlite3_bind_int64(s, 1, p->first);
    sqlite3_bind_int64(s, 2, h->session);
    sqlite3_bind_int64(s, 3, (int64_t)p->count);
    sqlite3_bind_int64(s, 4, page_sum(p->facts, facts) ^ page_sum(p->vectors, vectors));
    sqlite3_bind_blob(s, 5, p->facts, (int)facts, SQLITE_STATIC);
    sqlite3_bind_blob(s, 6, p->vectors, (int)vectors, SQLITE_STATIC);
    if (!history_execute(h, s, NULL)) return false;
    sqlite3_bind_int64(rows, 1, p->first);
    sqlite3_bind_int64(rows, 2, p->last);
    return history_execute(h, rows, NULL);
}

bool library_pack(struct history *library) {
    size_t most = page_vectors(library->model.size);
    library->loose = 0;
    struct page *p = malloc(sizeof *p);
    bool good = p != NULL;
    while (good) {
        good = gather(library, p, most);
        library->loose = p->count;
        if (!good || p->count < most) break;
        good = write_page(library, p);
        library->packed = p->last;
    }
    free(p);
    return good;
}

/* ---- removing ---- */

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool remove_rows(struct history *h, int64_t id) {
    static const enum library_statement of[] = {LIBRARY_REMOVE_PICTURE, LIBRARY_REMOVE_FILE, LIBRARY_REMOVE_THUMBNAIL};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        sqlite3_bind_int64(h->library[of[i]], 1, id);
        if (!history_execute(h, h->library[of[i]], NULL)) return false;
    }
    return true;
}

/* Of the page in memory: those of ids (sorted) that it has. Gives how many ids were at or below its last picture;
 * *left: vectors that stay. */
static size_t strike(struct page *p, const int64_t *ids, size_t count, size_t *left) {
    size_t done = 0;
    *left = 0;
    for (size_t i = 0; i < p->count; i++) {
        int64_t id = p->first + (int64_t)p->facts[i].offset;
        while (done < count && ids[done] < id) done++;
        if (done < count && ids[done] == id) p->facts[i].scale = 0, done++;
        *left += p->facts[i].scale > 0;
    }
    return done ? done : 1; /* an id that no page has */
}

static bool load_facts(struct history *h, struct page *p, int64_t id, int64_t *sum) {
    sqlite3_stmt *s = h->library[LIBRARY_PAGE_OF];
    sqlite3_bind_int64(s, 1, id);
    int code = history_step(h, s);
    p->count = 0;
    if (code == SQLITE_ROW) {
        size_t size = (size_t)sqlite3_column_bytes(s, 2);
        p->first = sqlite3_column_int64(s, 0), *sum = sqlite3_column_int64(s, 1);
        p->count = size / sizeof *p->facts <= PAGE_VECTORS ? size / sizeof *p->facts : 0;
        if (p->count) memcpy(p->facts, sqlite3_column_blob(s, 2), p->count * sizeof *p->facts);
    }
    return (sqlite3_reset(s) == SQLITE_OK) & (code == SQLITE_ROW || code == SQLITE_DONE);
}

static bool store_facts(struct history *h, const struct page *p, int64_t sum, size_t left) {
    sqlite3_stmt *s = h->library[left ? LIBRARY_PAGE_FACTS : LIBRARY_PAGE_OVER];
    sqlite3_bind_int64(s, 1, p->first);
    if (left) {
        sqlite3_bind_int64(s, 2, sum);
        sqlite3_bind_blob(s, 3, p->facts, (int)(p->count * sizeof *p->facts), SQLITE_STATIC);
    }
    return history_execute(h, s, NULL);
}

/* One page at a time, as a change writes all of it. */
static bool strike_page(struct history *h, struct page *p, const int64_t *ids, size_t count, size_t *done) {
    int64_t sum = 0;
    size_t left;
    *done = 1;
    if (!load_facts(h, p, *ids, &sum)) return false;
    if (!p->count) return true;
    size_t bytes = p->count * sizeof *p->facts;
    sum ^= page_sum(p->facts, bytes);
    *done = strike(p, ids, count, &left);
    return store_facts(h, p, sum ^ page_sum(p->facts, bytes), left);
}

bool library_remove_all(struct history *library, int64_t *ids, size_t count) {
    struct page *p = malloc(sizeof *p);
    bool good = p != NULL;
    qsort(ids, count, sizeof *ids, by_value);
    for (size_t i = 0; good && i < count; i++) good = remove_rows(library, ids[i]);
    for (size_t i = 0, done; good && i < count && ids[i] <= library->packed; i += done)
        good = strike_page(library, p, ids + i, count - i, &done);
    free(p);
    return good;
}
