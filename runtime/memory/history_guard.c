/* SPDX-License-Identifier: Apache-2.0
 * What is done before a file is read that anybody may have made: "Defense Against The Dark Arts" of SQLite's
 * documentation. */
#include "base/clock.h"
#include "base/log.h"
#include "memory/history_inner.h"

#include <string.h>

enum {
    STEP_S = 10,         /* for one row */
    LOOK_AT = 20000,     /* so many steps of SQLite's machine are between two looks at the clock */
    LONGEST = 256 << 10, /* bytes of a value */
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

static const char *column(sqlite3_stmt *s, int i) {
    const char *text = (const char *)sqlite3_column_text(s, i);
    return text ? text : "";
}

/* Sets the bit of a table that ocelli made. Tables that ANALYZE leaves are passed over. false: it is something else. */
static bool known(sqlite3_stmt *s, unsigned *seen) {
    static const char *const names[] = {"run", "picture"};
    static const char *const made[] = {"CREATE TABLE " HISTORY_TABLE_RUN, "CREATE TABLE " HISTORY_TABLE_PICTURE};
    const char *type = column(s, 0), *name = column(s, 1), *sql = column(s, 2);
    if (strcmp(type, "table")) return false;
    if (!strncmp(name, "sqlite_stat", 11)) return true;
    for (unsigned i = 0; i < 2; i++) {
        if (strcmp(name, names[i]) || strcmp(sql, made[i])) continue;
        *seen |= 1u << i;
        return true;
    }
    return false;
}

int history_check_tables(struct history *history) {
    sqlite3_stmt *s = NULL;
    unsigned seen = 0;
    bool good = true;
    int code = SQLITE_ERROR;
    history_hurry(history);
    sqlite3_prepare_v2(history->db, "SELECT type, name, sql FROM sqlite_master", -1, &s, NULL);
    while (s && good && (code = history_step(history, s)) == SQLITE_ROW) good = known(s, &seen);
    int status = !good || code == SQLITE_DONE ? OCELLI_OK : history_fault(history, "cannot read the history");
    sqlite3_finalize(s);
    if (status || (good && seen == 3)) return status;
    return log_fail(OCELLI_ERR_FILE,
                    "%s: its tables are not as ocelli makes them: give another file, or move this one away",
                    history->path);
}

int history_has_tables(struct history *history, bool *any) {
    sqlite3_stmt *s = NULL;
    history_hurry(history);
    int code = sqlite3_prepare_v2(history->db, "SELECT 1 FROM sqlite_master LIMIT 1", -1, &s, NULL);
    if (!code) code = history_step(history, s);
    *any = code == SQLITE_ROW;
    sqlite3_finalize(s);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}
