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
    HISTORY_INSERT, /* a picture */
    HISTORY_RUN,    /* inserts or updates this handle's run */
    HISTORY_NEXT_RUN,
    HISTORY_OLDEST, /* deletes so many */
    HISTORY_RUNS_OVER,
    HISTORY_PAGES,
    HISTORY_STATEMENTS
};

struct history {
    sqlite3 *db;
    char *path;
    struct memory_model model; /* the name a copy */
    uint64_t budget, bytes;    /* bytes: in use, as of the last append */
    int64_t run;               /* of this handle; 0: nothing appended yet */
    sqlite3_stmt *statements[HISTORY_STATEMENTS];
};

/* Says so when there are pictures of another model. Errors: FILE. */
int history_tell_others(struct history *h);

/* Says what SQLite says and what to do; gives a status. `what`: "cannot read", ... */
int history_fault(const struct history *h, const char *what);

#endif
