/* SPDX-License-Identifier: Apache-2.0
 * What struct history is made of. */
#ifndef MEMORY_HISTORY_INNER_H
#define MEMORY_HISTORY_INNER_H

#include "memory/history.h"

#include <sqlite3.h>

enum history_statement {
    HISTORY_BEGIN,
    HISTORY_COMMIT,
    HISTORY_ROLLBACK,
    HISTORY_INSERT,  /* a picture */
    HISTORY_SESSION, /* inserts or updates this handle's run */
    HISTORY_NEXT_SESSION,
    HISTORY_OLDEST, /* deletes so many */
    HISTORY_SESSIONS_OVER,
    HISTORY_PAGES,
    HISTORY_STATEMENTS
};

struct history {
    sqlite3 *db;
    char *path;
    struct memory_model model; /* the name a copy */
    uint64_t budget, bytes;    /* bytes: in use, as of the last append */
    int64_t until_ns;          /* of CLOCK_MONOTONIC: what runs longer is given up */
    int64_t session;           /* of this handle; 0: nothing appended yet */
    sqlite3_stmt *statements[HISTORY_STATEMENTS];
};

/* As SQLite keeps them in the schema. Nothing else is read: a view, or a column that is computed, may go on for ever.
 */
#define HISTORY_TABLE_RUN                                                                                              \
    "run(id INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, boot_at_ms INTEGER "    \
    "NOT NULL,"                                                                                                        \
    " last INTEGER NOT NULL)"
#define HISTORY_TABLE_PICTURE                                                                                          \
    "picture(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, boot_ms INTEGER NOT NULL, scale REAL NOT NULL, vector "     \
    "BLOB NOT NULL,"                                                                                                   \
    " tags TEXT NOT NULL)"

/* A file may be anybody's: SQLite's own defences, limits, and an end to what runs for 10 s. Before anything is read. */
void history_guard(struct history *history);
/* From now on the next statement has its 10 s. */
void history_hurry(struct history *history);
/* One row, in 10 s; as sqlite3_step(). */
int history_step(struct history *history, sqlite3_stmt *statement);
/* Are its tables ours, and is there nothing else? Errors: FILE, said. */
int history_check_tables(struct history *history);
/* *any: there is something in it. Gives SQLite's code. */
int history_has_tables(struct history *history, bool *any);

/* Says so when there are pictures of another model. Errors: FILE. */
int history_tell_others(struct history *history);

/* Says what SQLite says and what to do; gives a status. `what`: "cannot read", ... */
int history_fault(const struct history *history, const char *what);

#endif
