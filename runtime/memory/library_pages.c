/* SPDX-License-Identifier: Apache-2.0
 * Vectors move from rows into pages when there are enough of them, and of a page those that go get a scale of 0. */
#include "base/log.h"
#include "memory/history_inner.h"
#include "memory/library_inner.h"

#include <stdlib.h>
#include <string.h>

struct library_page {
    int64_t first;
    size_t count, most; /* most: that it takes */
    struct page_fact facts[PAGE_VECTORS];
    int8_t vectors[PAGE_BYTES];
};

int library_find_packed(struct history *library) {
    int64_t last;
    if (!history_last_packed(library, &last)) return history_fault(library, "cannot read");
    library->packed = last == INT64_MIN ? 0 : last;
    return OCELLI_OK;
}

/* ---- adding ---- */

static bool take_last(struct history *h, struct library_page *p, sqlite3_stmt *s) {
    size_t count = (size_t)sqlite3_column_int64(s, 1);
    const void *facts = sqlite3_column_blob(s, 2), *vectors = sqlite3_column_blob(s, 3);
    size_t fact_bytes = count * sizeof *p->facts, vector_bytes = count * h->model.size;
    if (count >= p->most || !facts || !vectors) return false;
    if ((size_t)sqlite3_column_bytes(s, 2) != fact_bytes || (size_t)sqlite3_column_bytes(s, 3) != vector_bytes)
        return false;
    p->first = sqlite3_column_int64(s, 0), p->count = count;
    memcpy(p->facts, facts, fact_bytes);
    memcpy(p->vectors, vectors, vector_bytes);
    return (page_sum(facts, fact_bytes) ^ page_sum(vectors, vector_bytes)) == sqlite3_column_int64(s, 4);
}

/* A page that is full, or of which the sum is wrong, stays as it is. */
bool library_page_open(struct history *library, struct library_page **page) {
    struct library_page *p = *page = calloc(1, sizeof *p);
    sqlite3_stmt *s = library->library[LIBRARY_LAST_PAGE];
    if (!p) return false;
    p->most = page_vectors(library->model.size);
    int code = history_step(library, s);
    if (code == SQLITE_ROW && !take_last(library, p, s)) p->count = 0;
    return (sqlite3_reset(s) == SQLITE_OK) & (code == SQLITE_ROW || code == SQLITE_DONE);
}

bool library_page_write(struct history *library, struct library_page *page) {
    sqlite3_stmt *s = library->library[LIBRARY_NEW_PAGE];
    size_t facts = page->count * sizeof *page->facts, vectors = page->count * library->model.size;
    if (!page->count) return true;
    sqlite3_bind_int64(s, 1, page->first);
    sqlite3_bind_int64(s, 2, library->session);
    sqlite3_bind_int64(s, 3, (int64_t)page->count);
    sqlite3_bind_int64(s, 4, page_sum(page->facts, facts) ^ page_sum(page->vectors, vectors));
    sqlite3_bind_blob(s, 5, page->facts, (int)facts, SQLITE_STATIC);
    sqlite3_bind_blob(s, 6, page->vectors, (int)vectors, SQLITE_STATIC);
    return history_execute(library, s, NULL);
}

bool library_page_add(struct history *library, struct library_page *page, int64_t id, int64_t time_ms, float scale,
                      const int8_t *vector) {
    if (page->count && (page->count == page->most || id - page->first > UINT32_MAX)) {
        if (!library_page_write(library, page)) return false;
        page->count = 0;
    }
    if (!page->count) page->first = id;
    memcpy(page->vectors + page->count * library->model.size, vector, library->model.size);
    page->facts[page->count++] = (struct page_fact){time_ms, (uint32_t)(id - page->first), scale};
    library->packed = id;
    return true;
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
static size_t strike(struct library_page *p, const int64_t *ids, size_t count, size_t *left) {
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

static bool load_facts(struct history *h, struct library_page *p, int64_t id, int64_t *sum) {
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

static bool store_facts(struct history *h, const struct library_page *p, int64_t sum, size_t left) {
    sqlite3_stmt *s = h->library[left ? LIBRARY_PAGE_FACTS : LIBRARY_PAGE_OVER];
    sqlite3_bind_int64(s, 1, p->first);
    if (left) {
        sqlite3_bind_int64(s, 2, sum);
        sqlite3_bind_blob(s, 3, p->facts, (int)(p->count * sizeof *p->facts), SQLITE_STATIC);
    }
    return history_execute(h, s, NULL);
}

/* One page at a time, as a change writes all of it. */
static bool strike_page(struct history *h, struct library_page *p, const int64_t *ids, size_t count, size_t *done) {
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
    struct library_page *p = malloc(sizeof *p);
    bool good = p != NULL;
    qsort(ids, count, sizeof *ids, by_value);
    for (size_t i = 0; good && i < count; i++) good = remove_rows(library, ids[i]);
    for (size_t i = 0, done; good && i < count && ids[i] <= library->packed; i += done)
        good = strike_page(library, p, ids + i, count - i, &done);
    free(p);
    return good;
}
