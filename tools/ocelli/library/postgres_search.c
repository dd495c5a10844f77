/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "ocelli/library/postgres_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* BREADTH: candidates that the index keeps for a hit; its recall grows with them. pgvector takes 1000 at most. */
enum { BREADTH = 8, BREADTH_LEAST = 400, BREADTH_MOST = 1000, NUMBER = 16, SQL = 1024 };

static char *vector_text(const float *vector, size_t size) {
    char *text = malloc(size * NUMBER + 3), *end = text;
    for (size_t i = 0; text && i < size; i++) end += snprintf(end, NUMBER, "%c%.6g", i ? ',' : '[', (double)vector[i]);
    if (text) strcpy(end, "]");
    return text;
}

/* Filters after the index may leave too few: from pgvector 0.8 on it then looks further. */
static int prepare(PGconn *db, size_t wanted) {
    char sql[96];
    size_t breadth = BREADTH * wanted;
    breadth = breadth < BREADTH_LEAST ? BREADTH_LEAST : breadth > BREADTH_MOST ? BREADTH_MOST : breadth;
    snprintf(sql, sizeof sql, "SET hnsw.ef_search = %zu", breadth);
    int status = postgres_do(db, "cannot search", sql);
    return status ? status : postgres_do(db, "cannot search", "SET hnsw.iterative_scan = strict_order");
}

static double number(PGresult *rows, int row, int column) {
    int64_t bits = postgres_int64(rows, row, column);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static char *text(PGresult *rows, int row, int column) {
    return PQgetisnull(rows, row, column) ? NULL : strdup(PQgetvalue(rows, row, column));
}

static int take(PGresult *rows, struct search_answer *answer) {
    int count = PQntuples(rows);
    answer->hits = calloc((size_t)count + 1, sizeof *answer->hits);
    if (!answer->hits) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %d hits", count);
    for (int i = 0; i < count; i++)
        answer->hits[answer->count++] = (struct search_hit){.time = number(rows, i, 0),
                                                            .score = number(rows, i, 1),
                                                            .tags = text(rows, i, 2),
                                                            .path = text(rows, i, 3),
                                                            .board = text(rows, i, 4)};
    return OCELLI_OK;
}

static int ask(PGconn *db, const char *board, const struct memory_model *model, const struct history_question *q,
               const char *vector, struct search_answer *answer) {
    char sql[SQL], since[32], wanted[32];
    PGresult *rows = NULL;
    snprintf(since, sizeof since, "%lld", (long long)q->since_ms);
    snprintf(wanted, sizeof wanted, "%zu", q->wanted);
    const char *const values[] = {vector, wanted, q->since_ms ? since : NULL, q->path, board};
    snprintf(sql, sizeof sql,
             "SELECT extract(epoch FROM taken)::float8, -(embedding::halfvec(%u) <#> $1::halfvec(%u))::float8, tags, "
             "path, board FROM ocelli_picture WHERE model = '%s'%s%s%s ORDER BY embedding::halfvec(%u) <#> "
             "$1::halfvec(%u) LIMIT $2::bigint",
             model->size, model->size, model->key,
             q->since_ms ? " AND taken >= to_timestamp($3::bigint / 1000.0)" : " AND $3::text IS NULL",
             q->path ? " AND starts_with(path, $4)" : " AND $4::text IS NULL",
             board ? " AND board = $5" : " AND $5::text IS NULL", model->size, model->size);
    int status = postgres_ask(db, "cannot search", sql, 5, values, true, &rows);
    if (!status) status = take(rows, answer);
    PQclear(rows);
    return status;
}

int postgres_search(const struct search_request *request, const struct memory_model *model,
                    const struct history_question *question, struct search_answer *answer) {
    PGconn *db = NULL;
    char *written = vector_text(question->vector, model->size);
    int status =
        written ? postgres_connect(&db, request->places.postgres) : log_fail(OCELLI_ERR_MEMORY, "out of memory");
    if (!status) status = prepare(db, question->wanted);
    if (!status) status = ask(db, request->places.board, model, question, written, answer);
    if (!status && !answer->count && !question->since_ms && !question->path && !request->places.board)
        log_warn("PostgreSQL: the table has no picture of this model");
    free(written);
    if (db) PQfinish(db);
    return status;
}
