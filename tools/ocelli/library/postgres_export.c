/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "memory/library.h"
#include "ocelli/common/plain.h"
#include "ocelli/common/progress.h"
#include "ocelli/library/postgres_inner.h"
#include "ocelli/library/postgres_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1000 /* rows of a transaction */, SQL = 1024, PROBE = 12 /* letters of a key in an index's name */ };

/* A row that is in the database already. */
struct there {
    int64_t id, sum;
    bool seen; /* it is in the file too */
};

struct work {
    struct postgres_export *of;
    PGconn *db;
    struct there *there; /* (there_count), by id */
    size_t there_count;
    struct postgres_rows rows;
    int status; /* of the piece that was sent last */
    struct progress progress;
};

/* ---- the schema, docs/search.md ---- */

static const char *const schema[] = {
    "CREATE EXTENSION IF NOT EXISTS vector",
    "CREATE TABLE IF NOT EXISTS ocelli_model(model text PRIMARY KEY, name text NOT NULL, size integer NOT NULL)",
    "CREATE TABLE IF NOT EXISTS ocelli_picture(board text NOT NULL, model text NOT NULL REFERENCES ocelli_model, id "
    "bigint NOT NULL, taken timestamptz NOT NULL, tags text NOT NULL, path text, sum bigint NOT NULL, embedding "
    "halfvec "
    "NOT NULL, PRIMARY KEY(board, model, id))",
    "CREATE TEMP TABLE ocelli_piece(LIKE ocelli_picture) ON COMMIT DELETE ROWS",
};

static int make_schema(struct work *w) {
    char size[16];
    const struct memory_model *m = w->of->model;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < sizeof schema / sizeof *schema; i++)
        status = postgres_do(w->db, "cannot make the tables", schema[i]);
    snprintf(size, sizeof size, "%u", m->size);
    const char *const values[] = {m->key, m->name, size};
    if (!status)
        status =
            postgres_ask(w->db, "cannot make the tables",
                         "INSERT INTO ocelli_model VALUES($1, $2, $3) ON CONFLICT DO NOTHING", 3, values, false, NULL);
    return status;
}

/* Rows that go into an index one by one take many times as long as the index made over them. More rows than there are:
 * it is made anew at the end. Who does not own the table leaves it. */
static int drop_index(struct work *w, size_t pictures) {
    char sql[SQL];
    const char *const values[] = {w->of->model->key};
    size_t more = pictures > w->there_count ? pictures - w->there_count : 0;
    PGresult *rows = NULL;
    int status = postgres_ask(w->db, "cannot read the table", "SELECT count(*) FROM ocelli_picture WHERE model = $1", 1,
                              values, true, &rows);
    bool most = !status && more > (size_t)postgres_int64(rows, 0, 0);
    PQclear(rows);
    if (!most) return status;
    snprintf(sql, sizeof sql,
             "DO $$ BEGIN DROP INDEX IF EXISTS ocelli_picture_%.*s; EXCEPTION WHEN insufficient_privilege THEN NULL; "
             "END $$",
             PROBE, w->of->model->key);
    return postgres_do(w->db, "cannot drop the index", sql);
}

/* A key is hexadecimal, so it can stand in a statement: the planner takes an index of some rows only for a constant. */
static int make_index(struct work *w) {
    char sql[SQL];
    const struct memory_model *m = w->of->model;
    snprintf(sql, sizeof sql,
             "CREATE INDEX IF NOT EXISTS ocelli_picture_%.*s ON ocelli_picture USING hnsw ((embedding::halfvec(%u)) "
             "halfvec_ip_ops) WHERE model = '%s'",
             PROBE, m->key, m->size, m->key);
    int status = postgres_do(w->db, "cannot make the index", sql);
    if (!status && w->of->exported) status = postgres_do(w->db, "cannot make the index", "ANALYZE ocelli_picture");
    return status;
}

/* ---- what is there ---- */

static int take_there(struct work *w, PGresult *rows) {
    int count = PQntuples(rows);
    w->there = calloc((size_t)count + 1, sizeof *w->there);
    if (!w->there) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %d rows", count);
    for (int i = 0; i < count; i++)
        w->there[w->there_count++] = (struct there){postgres_int64(rows, i, 0), postgres_int64(rows, i, 1), false};
    return OCELLI_OK;
}

static int read_there(struct work *w) {
    const char *const values[] = {w->of->board, w->of->model->key};
    PGresult *rows = NULL;
    int status = postgres_ask(w->db, "cannot read the table",
                              "SELECT id, sum FROM ocelli_picture WHERE board = $1 AND model = $2 ORDER BY id", 2,
                              values, true, &rows);
    if (!status) status = take_there(w, rows);
    PQclear(rows);
    return status;
}

static int by_id(const void *key, const void *of) {
    int64_t id = *(const int64_t *)key;
    const struct there *there = of;
    return (id > there->id) - (id < there->id);
}

/* ---- sending ---- */

static int copy(struct work *w) {
    int status = postgres_do(w->db, "cannot write", "BEGIN");
    if (status) return status;
    PGresult *result = PQexec(w->db, "COPY ocelli_piece FROM STDIN BINARY");
    bool good = PQresultStatus(result) == PGRES_COPY_IN;
    PQclear(result);
    good = good && PQputCopyData(w->db, (const char *)w->rows.bytes, (int)w->rows.used) == 1 &&
           PQputCopyEnd(w->db, NULL) == 1;
    if (!good) return postgres_fault(w->db, "cannot write");
    while ((result = PQgetResult(w->db))) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK && !status) status = postgres_fault(w->db, "cannot write");
        PQclear(result);
    }
    return status;
}

static int send_piece(struct work *w) {
    if (!w->rows.count) return OCELLI_OK;
    postgres_rows_end(&w->rows);
    int status = w->rows.full ? log_fail(OCELLI_ERR_MEMORY, "out of memory for a piece of rows") : copy(w);
    if (!status)
        status = postgres_do(w->db, "cannot write",
                             "INSERT INTO ocelli_picture SELECT * FROM ocelli_piece ON CONFLICT(board, model, id) DO "
                             "UPDATE SET taken = excluded.taken, tags = excluded.tags, path = excluded.path, sum = "
                             "excluded.sum, embedding = excluded.embedding");
    if (!status) status = postgres_do(w->db, "cannot write", "COMMIT");
    if (!status) w->of->exported += w->rows.count;
    postgres_rows_begin(&w->rows);
    return status;
}

/* PostgreSQL takes UTF-8 alone, and no path need be that. */
static void only_utf8(char *text) {
    if (plain_utf8(text)) return;
    for (; *text; text++)
        if (*text & 0x80) *text = '?';
}

static int send_picture(struct work *w, const struct history_fact *fact, const int8_t *vector) {
    char tags[HISTORY_TAGS], *path = NULL;
    struct there *there = bsearch(&fact->id, w->there, w->there_count, sizeof *w->there, by_id);
    int status = history_tags(w->of->from, fact->id, tags);
    if (!status) status = history_file(w->of->from, fact->id, &path);
    if (status) return status;
    only_utf8(tags);
    if (path) only_utf8(path);
    struct postgres_row row = {.board = w->of->board,
                               .model = w->of->model->key,
                               .fact = fact,
                               .tags = tags,
                               .path = path,
                               .vector = vector,
                               .size = w->of->model->size};
    row.sum = postgres_row_sum(&row);
    if (there) there->seen = true;
    if (!there || there->sum != row.sum) postgres_rows_add(&w->rows, &row);
    free(path);
    w->of->count++;
    progress_step(&w->progress, 1);
    return w->rows.count == PIECE ? send_piece(w) : OCELLI_OK;
}

static bool send_block(void *user, const struct history_block *block) {
    struct work *w = user;
    for (size_t i = 0; !w->status && i < block->count; i++)
        if (block->facts[i].scale > 0)
            w->status = send_picture(w, &block->facts[i], block->vectors + i * w->of->model->size);
    return !w->status;
}

static int send_all(struct work *w) {
    size_t all = 0;
    int status = library_count(w->of->from, &all);
    if (!status) status = drop_index(w, all);
    if (status) return status;
    if (w->of->progress && progress_possible()) progress_begin(&w->progress, all);
    postgres_rows_begin(&w->rows);
    status = history_blocks(w->of->from, send_block, w);
    progress_end(&w->progress);
    if (!status) status = w->status;
    return status ? status : send_piece(w);
}

/* ---- what is gone ---- */

static int remove_piece(struct work *w, const char *ids, size_t count) {
    const char *const values[] = {w->of->board, w->of->model->key, ids};
    int status = postgres_ask(w->db, "cannot remove rows",
                              "DELETE FROM ocelli_picture WHERE board = $1 AND model = $2 AND id = ANY($3::bigint[])",
                              3, values, false, NULL);
    if (!status) w->of->removed += count;
    return status;
}

static int remove_gone(struct work *w) {
    char ids[PIECE * 21 + 3], *end = ids;
    size_t count = 0;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < w->there_count; i++) {
        if (w->there[i].seen) continue;
        end += sprintf(end, "%c%lld", count++ ? ',' : '{', (long long)w->there[i].id);
        if (count < PIECE) continue;
        strcpy(end, "}");
        status = remove_piece(w, ids, count);
        count = 0, end = ids;
    }
    if (status || !count) return status;
    strcpy(end, "}");
    return remove_piece(w, ids, count);
}

int postgres_export(struct postgres_export *export) {
    struct work w = {.of = export};
    int status = postgres_connect(&w.db, export->url);
    if (!status) status = make_schema(&w);
    if (!status) status = read_there(&w);
    if (!status) status = send_all(&w);
    if (!status) status = remove_gone(&w);
    if (!status) status = make_index(&w);
    postgres_rows_finish(&w.rows);
    free(w.there);
    if (w.db) PQfinish(w.db);
    return status;
}
