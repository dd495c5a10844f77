/* SPDX-License-Identifier: Apache-2.0
 * The tables of the file: made, and compared with what stands in a file that anybody may have made. */
#include "base/log.h"
#include "memory/history_inner.h"

#include <stdio.h>
#include <string.h>

static const struct table {
    const char *type, *name, *sql;
    int version; /* since */
} tables[] = {
    {"table", "run", "CREATE TABLE " HISTORY_TABLE_RUN, 1},
    {"table", "picture", "CREATE TABLE " HISTORY_TABLE_PICTURE, 1},
    {"table", "page", "CREATE TABLE " HISTORY_TABLE_PAGE, 2},
    {"table", "folder", "CREATE TABLE " HISTORY_TABLE_FOLDER, 2},
    {"table", "file", "CREATE TABLE " HISTORY_TABLE_FILE, 2},
    {"table", "thumbnail", "CREATE TABLE " HISTORY_TABLE_THUMBNAIL, 2},
    {"index", "folder_path", "CREATE UNIQUE INDEX " HISTORY_INDEX_FOLDER, 2},
    {"index", "file_name", "CREATE UNIQUE INDEX " HISTORY_INDEX_FILE, 2},
};
enum { TABLES = sizeof tables / sizeof *tables };

static const char *column(sqlite3_stmt *s, int i) {
    const char *text = (const char *)sqlite3_column_text(s, i);
    return text ? text : "";
}

/* Sets the bit of a table that ocelli made. Tables that ANALYZE leaves are passed over. false: it is something else. */
static bool known(const struct history *h, sqlite3_stmt *s, unsigned *seen) {
    const char *type = column(s, 0), *name = column(s, 1), *sql = column(s, 2);
    if (!strcmp(type, "table") && !strncmp(name, "sqlite_stat", 11)) return true;
    for (unsigned i = 0; i < TABLES; i++) {
        const struct table *t = &tables[i];
        if (t->version > h->version || strcmp(type, t->type) || strcmp(name, t->name) || strcmp(sql, t->sql)) continue;
        *seen |= 1u << i;
        return true;
    }
    return false;
}

static unsigned expected(const struct history *h) {
    unsigned all = 0;
    for (unsigned i = 0; i < TABLES; i++) all |= tables[i].version <= h->version ? 1u << i : 0;
    return all;
}

int history_check_tables(struct history *history) {
    unsigned seen = 0;
    bool good = true;
    int code = SQLITE_ERROR;
    sqlite3_stmt *s = history_prepare(history, "SELECT type, name, sql FROM sqlite_master");
    while (s && good && (code = history_step(history, s)) == SQLITE_ROW) good = known(history, s, &seen);
    int status = !good || code == SQLITE_DONE ? OCELLI_OK : history_fault(history, "cannot read");
    sqlite3_finalize(s);
    if (status || (good && seen == expected(history))) return status;
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

static int execute(struct history *h, const char *sql) {
    history_hurry(h);
    return sqlite3_exec(h->db, sql, NULL, NULL, NULL);
}

/* All or nothing. Another program may have made them since it was looked: it is looked again, under the lock. */
int history_make_tables(struct history *history) {
    char numbers[96];
    bool any = false;
    int code = execute(history, "BEGIN IMMEDIATE");
    if (!code && !history->version) code = history_has_tables(history, &any);
    for (unsigned i = 0; !code && !any && i < TABLES; i++)
        if (tables[i].version > history->version) code = execute(history, tables[i].sql);
    snprintf(numbers, sizeof numbers, "PRAGMA application_id = %d; PRAGMA user_version = %d", HISTORY_APPLICATION_ID,
             HISTORY_VERSION);
    if (!code && !any) code = execute(history, numbers);
    if (!code) code = execute(history, "COMMIT");
    if (code) return history_undo(history);
    history->version = HISTORY_VERSION;
    return any ? history_check_tables(history) : OCELLI_OK;
}
