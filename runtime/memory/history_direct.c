/* SPDX-License-Identifier: Apache-2.0
 * Rows of the table `page`, one page of the file at a time. SQLite copies a row twice, and into memory that is not
 * aligned: on Zen 3 the system's copy is then four times slower. Here the pages of its file are walked:
 * https://sqlite.org/fileformat2.html, 1.3, 1.6 and 2.1. The caller's transaction keeps others from writing. Bytes of
 * the file may be anybody's. */
#include "memory/history_inner.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER = 100,
    INTERIOR = 5, /* kinds of SQLite's pages: the first byte of each */
    LEAF = 13,
    ALIGNED = 4096,
    DEPTH = 6,    /* pages from the root to a row: of 2^32 pages */
    COLUMNS = 6,  /* of the table `page` */
    OVERHEAD = 35 /* a row that leaves less of its page than this goes on in others */
};

struct walk {
    sqlite3_file *file;
    bool (*each)(void *user, const struct page_row *row);
    void *user;
    uint8_t *buffer;         /* (DEPTH, page_bytes), for each level */
    size_t page_bytes, used; /* used: without what is reserved at a page's end */
    uint64_t pages, left;    /* left: to be visited; a circle ends */
};

static uint32_t number16(const uint8_t *at) {
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t number32(const uint8_t *at) {
    return number16(at) << 16 | number16(at + 2);
}

/* Big-endian, with sign. */
static int64_t number(const uint8_t *at, size_t bytes) {
    uint64_t value = bytes && at[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes; i++) value = value << 8 | at[i];
    return (int64_t)value;
}

/* ---- a row ---- */

/* Seven bits a byte, eight of the ninth. NULL: it goes over the end. */
static const uint8_t *take_varint(const uint8_t *at, const uint8_t *end, uint64_t *value) {
    *value = 0;
    for (int i = 0; i < 9 && at < end; i++) {
        uint8_t byte = *at++;
        *value = i == 8 ? *value << 8 | byte : *value << 7 | (byte & 0x7f);
        if (i == 8 || !(byte & 0x80)) return at;
    }
    return NULL;
}

/* A number of a record; blobs are not for it. */
static bool take_number(const uint8_t *at, uint64_t kind, int64_t *value) {
    static const uint8_t bytes[] = {0, 1, 2, 3, 4, 6, 8};
    *value = kind == 9;
    if (kind == 8 || kind == 9) return true;
    if (kind >= sizeof bytes) return false;
    *value = number(at, bytes[kind]);
    return true;
}

static size_t bytes_of(uint64_t kind) {
    static const uint8_t bytes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return kind < sizeof bytes ? bytes[kind] : (size_t)(kind - 12) / 2;
}

/* The columns of docs/memory.md, in their order; the first is the row's id. */
static bool take_record(const uint8_t *at, const uint8_t *end, struct page_row *row) {
    uint64_t head, kinds[COLUMNS];
    const uint8_t *from[COLUMNS], *kind = take_varint(at, end, &head);
    if (!kind || head > (uint64_t)(end - at)) return false;
    const uint8_t *value = at + head, *values = value;
    for (int i = 0; i < COLUMNS; i++) {
        kind = take_varint(kind, values, &kinds[i]);
        if (!kind || bytes_of(kinds[i]) > (size_t)(end - value)) return false;
        from[i] = value;
        value += bytes_of(kinds[i]);
    }
    row->facts = from[4], row->fact_bytes = bytes_of(kinds[4]);
    row->vectors = (const int8_t *)from[5], row->vector_bytes = bytes_of(kinds[5]);
    return kinds[0] == 0 && take_number(from[1], kinds[1], &row->run) && take_number(from[2], kinds[2], &row->count) &&
           take_number(from[3], kinds[3], &row->sum) && kinds[4] >= 12 && kinds[4] % 2 == 0 && kinds[5] >= 12 &&
           kinds[5] % 2 == 0;
}

static bool give_row(const struct walk *w, const uint8_t *page, size_t at) {
    const uint8_t *end = page + w->used, *cell = page + at;
    uint64_t bytes, id;
    struct page_row row = {0};
    cell = take_varint(cell, end, &bytes);
    if (cell) cell = take_varint(cell, end, &id);
    if (!cell || bytes > w->used - OVERHEAD || bytes > (uint64_t)(end - cell)) return false;
    row.first = (int64_t)id;
    return take_record(cell, cell + bytes, &row) && w->each(w->user, &row);
}

/* ---- a page ---- */

static bool give_leaf(const struct walk *w, const uint8_t *page) {
    size_t cells = number16(page + 3), head = 8;
    bool on = head + 2 * cells <= w->used;
    for (size_t i = cells; on && i--;) {
        size_t at = number16(page + head + 2 * i);
        on = at < w->used && give_row(w, page, at);
    }
    return on;
}

static bool visit(struct walk *w, uint32_t number, int level);

static bool visit_children(struct walk *w, const uint8_t *page, int level) {
    size_t cells = number16(page + 3), head = 12;
    bool on = head + 2 * cells <= w->used && visit(w, number32(page + 8), level + 1);
    for (size_t i = cells; on && i--;) {
        size_t at = number16(page + head + 2 * i);
        on = at + 4 <= w->used && visit(w, number32(page + at), level + 1);
    }
    return on;
}

/* The newest rows first. */
static bool visit(struct walk *w, uint32_t number, int level) {
    if (number < 2 || number > w->pages || level == DEPTH || !w->left--) return false;
    int64_t offset = (int64_t)(number - 1) * (int64_t)w->page_bytes;
    uint8_t *page = w->buffer + (size_t)level * w->page_bytes;
    if (w->file->pMethods->xRead(w->file, page, (int)w->page_bytes, offset)) return false;
    return *page == LEAF ? give_leaf(w, page) : *page == INTERIOR && visit_children(w, page, level);
}

/* ---- the file ---- */

/* In rollback mode all of it is in the file. With a log (WAL) beside it the newest pages may be there. */
static bool read_header(struct walk *w) {
    uint8_t header[HEADER];
    sqlite3_int64 size = 0;
    if (w->file->pMethods->xRead(w->file, header, HEADER, 0) || w->file->pMethods->xFileSize(w->file, &size))
        return false;
    if (memcmp(header, "SQLite format 3", 16) || header[18] != 1 || header[19] != 1) return false;
    uint32_t bytes = number16(header + 16);
    w->page_bytes = bytes == 1 ? 65536 : bytes; /* 65536 does not fit in 16 bits */
    w->used = w->page_bytes - header[20];
    w->pages = w->left = w->page_bytes ? (uint64_t)size / w->page_bytes : 0;
    return w->page_bytes >= 512 && !(w->page_bytes & (w->page_bytes - 1)) && w->used >= 480;
}

static uint32_t root_of(struct history *h) {
    sqlite3_stmt *s = history_prepare(h, "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = 'page'");
    uint32_t root = s && history_step(h, s) == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(s, 0) : 0;
    sqlite3_finalize(s);
    return root;
}

void page_rows(struct history *history, bool (*each)(void *user, const struct page_row *row), void *user) {
    struct walk w = {.each = each, .user = user};
    uint32_t root = root_of(history);
    if (sqlite3_file_control(history->db, "main", SQLITE_FCNTL_FILE_POINTER, &w.file) || !w.file || !w.file->pMethods)
        return;
    if (!read_header(&w)) return;
    w.buffer = aligned_alloc(ALIGNED, DEPTH * ((w.page_bytes + ALIGNED - 1) & ~(size_t)(ALIGNED - 1)));
    if (!w.buffer) return;
    visit(&w, root, 0);
    free(w.buffer);
}
