/* SPDX-License-Identifier: Apache-2.0
 * What struct history is made of. */
#ifndef MEMORY_HISTORY_INNER_H
#define MEMORY_HISTORY_INNER_H

#include "base/file_lock.h"
#include "memory/history.h"
#include "memory/page_sum.h"

#include <sqlite3.h>

enum history_statement {
    HISTORY_BEGIN,
    HISTORY_COMMIT,
    HISTORY_INSERT,  /* a picture */
    HISTORY_SESSION, /* inserts or updates this handle's run */
    HISTORY_NEXT_SESSION,
    HISTORY_OLDEST, /* deletes so many */
    HISTORY_SESSIONS_OVER,
    HISTORY_PAGES, /* SQLite's, of the file */
    HISTORY_THUMBNAIL,
    HISTORY_THUMBNAILS_OVER,
    HISTORY_STATEMENTS
};

/* Of a library's file: library.c. */
enum library_statement {
    LIBRARY_FOLDER,     /* id of a path */
    LIBRARY_NEW_FOLDER, /* gives its id */
    LIBRARY_FIND,       /* a file of a folder */
    LIBRARY_NEW_FILE,
    LIBRARY_PICTURE, /* with its id */
    LIBRARY_REMOVE_PICTURE,
    LIBRARY_REMOVE_FILE,
    LIBRARY_REMOVE_THUMBNAIL,
    LIBRARY_PAGE_OF, /* the page that holds an id */
    LIBRARY_PAGE_FACTS,
    LIBRARY_PAGE_OVER,
    LIBRARY_LAST_PAGE,
    LIBRARY_NEW_PAGE,
    LIBRARY_STATEMENTS
};

struct history {
    sqlite3 *db;
    char *path;
    struct memory_model model; /* the name a copy */
    uint64_t budget, bytes;    /* bytes: in use, as of the last append */
    int64_t until_ns;          /* of CLOCK_MONOTONIC: what runs longer is given up */
    int64_t session;           /* of this handle; 0: nothing appended yet */
    int version;               /* of the file */
    bool is_library;           /* as which it was opened: messages tell */
    sqlite3_stmt *statements[HISTORY_STATEMENTS];
    /* of a library */
    sqlite3_stmt *library[LIBRARY_STATEMENTS];
    int64_t next;         /* id of the next picture */
    int64_t packed;       /* id of the newest that lies in a page; 0: none */
    struct file_lock own; /* one program at a time writes */
    bool writable;        /* opened so: the file is left as a plain one */
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
#define HISTORY_TABLE_PAGE                                                                                             \
    "page(first INTEGER PRIMARY KEY, run INTEGER NOT NULL, count INTEGER NOT NULL, sum INTEGER NOT NULL, facts BLOB "  \
    "NOT NULL, vectors BLOB NOT NULL)"
#define HISTORY_TABLE_FOLDER "folder(id INTEGER PRIMARY KEY, path TEXT NOT NULL)"
#define HISTORY_TABLE_FILE                                                                                             \
    "file(id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, changed_ns "     \
    "INTEGER NOT NULL)"
#define HISTORY_TABLE_THUMBNAIL "thumbnail(id INTEGER PRIMARY KEY, jpeg BLOB NOT NULL)"
#define HISTORY_INDEX_FOLDER "folder_path ON folder(path)"
#define HISTORY_INDEX_FILE "file_name ON file(folder, name)"

/* The format, docs/memory.md. The numbers stand in the file's header: "ocel", version 2. Version 1 has only `run` and
 * `picture`. It is read, and becomes version 2 when it is opened for writing. */
enum { HISTORY_APPLICATION_ID = 1868784876, HISTORY_FIRST_VERSION = 1, HISTORY_VERSION = 2 };

/* A file may be anybody's: SQLite's own defences, limits, and an end to what runs for 10 s. Before anything is read. */
void history_guard(struct history *history);
/* From now on the next statement has its 10 s. */
void history_hurry(struct history *history);
/* One row, in 10 s; as sqlite3_step(). */
int history_step(struct history *history, sqlite3_stmt *statement);
/* Runs a statement whose values are bound; *value (may be NULL) gets the number that it gives. */
bool history_execute(struct history *history, sqlite3_stmt *statement, int64_t *value);

/* ---- history_tables.c ---- */

/* Are its tables ours, and is there nothing else? Errors: FILE, said. */
int history_check_tables(struct history *history);
/* *any: there is something in it. Gives SQLite's code. */
int history_has_tables(struct history *history, bool *any);
/* Makes what a new file, or one of version 1, lacks. Errors: FILE, said. */
int history_make_tables(struct history *history);

/* ---- history.c ---- */

enum history_opening { HISTORY_WRITE = 1, HISTORY_LIBRARY = 2 }; /* flags */

/* Opens without a budget; *empty: there is nothing in it yet. On error *out is NULL. */
int history_open_file(struct history **out, const char *path, const struct memory_model *model,
                      enum history_opening how, bool *empty);
/* Empty is an error too. Errors: as history_open(). */
int history_open_to_read(struct history **out, const char *path, const struct memory_model *model,
                         enum history_opening how);
/* The modes of a writer, and the tables. */
int history_ready_to_write(struct history *history, bool empty, int page_bytes);
/* Is it a library, and not the history of a daemon? Errors: FILE. */
int history_is_library(struct history *history, bool *is);
/* Gone, or another file bears its name: said. */
int history_check_moved(struct history *history);
/* Rolls back what is begun, and says why. */
int history_undo(struct history *history);
/* Says so when there are pictures of another model. Errors: FILE. */
int history_tell_others(struct history *history);
/* Says what SQLite says and what to do; gives a status. `what`: "cannot read", ...: "the library" or "the history" goes
 * behind it. */
int history_fault(const struct history *history, const char *what);
/* NULL: it cannot be prepared. */
sqlite3_stmt *history_prepare(struct history *history, const char *sql);

/* Of vectors that lie in a page. */
struct history_check {
    int64_t sum; /* page_sum() of them, when the file is sound */
    bool wrong;
};
/* history_blocks() for who reads the vectors anyhow: of a block with `check` each() makes the sum on the way. If it is
 * another, each() takes nothing of the block, and sets `wrong`. history_blocks.c. */
int history_unchecked_blocks(struct history *history, bool (*each)(void *user, const struct history_block *block),
                             void *user);

/* ---- history_pages.c: vectors that lie side by side ---- */

/* What is kept beside each vector of a page, little-endian, one behind the other. */
struct page_fact {
    int64_t time_ms; /* since 1970 */
    uint32_t offset; /* of the id from the page's first one */
    float scale;     /* 0: removed */
};

/* Of SQLite's page of a library: a row of `page` fits in one. */
enum { PAGE_LEAF = 64 << 10 };
/* What a row may have, also one that an older ocelli wrote. */
enum { PAGE_BYTES = 128 << 10, PAGE_VECTORS = 256 };

/* A row of the table `page`. */
struct page_row {
    int64_t first, run, count, sum;
    const uint8_t *facts;
    const int8_t *vectors;
    size_t fact_bytes, vector_bytes;
};
/* Reads the rows, the newest first, without SQLite's copies of them. Within a
 * transaction. Nothing is checked; ends early at anything that is not as expected (a row larger than a page of
 * SQLite's, a file whose newest state is in its log), or when each() gives false. history_direct.c. */
void page_rows(struct history *history, bool (*each)(void *user, const struct page_row *row), void *user);

/* The newest picture that lies in a page; INT64_MIN: none does. false: it cannot be read. history_blocks.c. */
bool history_last_packed(struct history *history, int64_t *last);
/* Vectors of a row that a new one takes: 123 of 512 numbers. */
size_t page_vectors(size_t size);

#endif
