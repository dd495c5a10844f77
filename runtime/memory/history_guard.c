/* SPDX-License-Identifier: Apache-2.0
 * What is done before a file is read that anybody may have made: "Defense Against The Dark Arts" of SQLite's
 * documentation. */
#include "base/clock.h"
#include "memory/history_inner.h"

enum {
    STEP_S = 10,         /* for one row */
    LOOK_AT = 20000,     /* so many steps of SQLite's machine are between two looks at the clock */
    LONGEST = 256 << 10, /* bytes of a value: a page has half of it */
};

/* Ends the statement. */
static int over(void *user) {
    const struct history *h = user;
    return clock_ns(CLOCK_MONOTONIC) >= h->until_ns;
}

void history_hurry(struct history *history) {
    history->until_ns = clock_ns(CLOCK_MONOTONIC) + STEP_S * INT64_C(1000000000);
}

int history_step(struct history *history, sqlite3_stmt *statement) {
    history_hurry(history);
    return sqlite3_step(statement);
}

void history_guard(struct history *history) {
    static const int on[] = {SQLITE_DBCONFIG_DEFENSIVE};
    static const int off[] = {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_VIEW,
                              SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION};
    static const int limits[][2] = {{SQLITE_LIMIT_LENGTH, LONGEST},    {SQLITE_LIMIT_SQL_LENGTH, 16384},
                                    {SQLITE_LIMIT_COLUMN, 64},         {SQLITE_LIMIT_EXPR_DEPTH, 16},
                                    {SQLITE_LIMIT_VDBE_OP, 25000},     {SQLITE_LIMIT_FUNCTION_ARG, 8},
                                    {SQLITE_LIMIT_COMPOUND_SELECT, 3}, {SQLITE_LIMIT_ATTACHED, 0},
                                    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},   {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50}};
    history_hurry(history);
    sqlite3_progress_handler(history->db, LOOK_AT, over, history);
    for (size_t i = 0; i < sizeof on / sizeof *on; i++) sqlite3_db_config(history->db, on[i], 1, NULL);
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) sqlite3_db_config(history->db, off[i], 0, NULL);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) sqlite3_limit(history->db, limits[i][0], limits[i][1]);
}

bool history_execute(struct history *history, sqlite3_stmt *statement, int64_t *value) {
    int code = history_step(history, statement);
    if (code == SQLITE_ROW && value) *value = sqlite3_column_int64(statement, 0);
    return (sqlite3_reset(statement) == SQLITE_OK) & (code == SQLITE_ROW || code == SQLITE_DONE);
}

sqlite3_stmt *history_prepare(struct history *history, const char *sql) {
    sqlite3_stmt *s = NULL;
    history_hurry(history);
    sqlite3_prepare_v2(history->db, sql, -1, &s, NULL);
    return s;
}
