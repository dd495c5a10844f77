/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_place.h"
#include "base/log.h"
#include "memory/history_inner.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The format, docs/memory.md. The numbers stand in the file's header: "ocel", version 1. */
#define APPLICATION_ID 1868784876
#define VERSION 1
static const char schema[] = "BEGIN IMMEDIATE;"
                             "CREATE TABLE IF NOT EXISTS " HISTORY_TABLE_RUN ";"
                             "CREATE TABLE IF NOT EXISTS " HISTORY_TABLE_PICTURE ";"
                             "PRAGMA application_id = 1868784876; PRAGMA user_version = 1; COMMIT";

/* FULL: what is committed is on the disk, where NORMAL would leave it to the system's next half minute. What is deleted
 * is not overwritten, which would double the writes. The log beside the file is taken over at each 256 pages, 1 MiB. */
static const char writing[] =
    "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF;"
    "PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 1048576";
enum {
    PAGE = 4096,
    ASIDE = 2 << 20,        /* of the budget: the log and its index */
    BUSY_MS = 2000,         /* another program writes or closes */
    AT_ONCE = 64,           /* pictures deleted together */
    ROUNDS = 64,            /* so often an append: a smaller budget is reached little by little */
    ROW = 64 + HISTORY_TAGS /* beside the vector, at most */
};

static const char *const sql[HISTORY_STATEMENTS] = {
    [HISTORY_BEGIN] = "BEGIN IMMEDIATE",
    [HISTORY_COMMIT] = "COMMIT",
    [HISTORY_ROLLBACK] = "ROLLBACK",
    [HISTORY_INSERT] = "INSERT INTO picture(run, boot_ms, scale, vector, tags) VALUES(?1, ?2, ?3, ?4, ?5)",
    [HISTORY_SESSION] = "INSERT INTO run VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
                        " ON CONFLICT(id) DO UPDATE SET boot_at_ms = excluded.boot_at_ms, last = excluded.last",
    [HISTORY_NEXT_SESSION] = "SELECT coalesce(max(id), 0) + 1 FROM run",
    [HISTORY_OLDEST] = "DELETE FROM picture WHERE id < (SELECT min(id) FROM picture) + ?1",
    [HISTORY_SESSIONS_OVER] = "DELETE FROM run WHERE last < (SELECT min(id) FROM picture)",
    [HISTORY_PAGES] = "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count",
};

bool history_built_in(void) {
    return true;
}

/* ---- faults ---- */

static const char *advice(int code) {
    switch (code & 0xff) {
    case SQLITE_FULL: return ": make room, or give it a smaller budget";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ": another program holds it";
    case SQLITE_CORRUPT:
    case SQLITE_TOOBIG:
    case SQLITE_INTERRUPT: /* it took too long */
    case SQLITE_NOTADB: return ": move it away, and a new one is begun";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN: return ": its folder must be there, and this program must be able to write both";
    default: return "";
    }
}

int history_fault(const struct history *history, const char *what) {
    int code = history->db ? sqlite3_errcode(history->db) : SQLITE_NOMEM;
    const char *why = !history->db               ? "out of memory"
                      : code == SQLITE_INTERRUPT ? "it takes too long"
                                                 : sqlite3_errmsg(history->db);
    int of_system = history->db ? sqlite3_system_errno(history->db) : 0;
    if (code == SQLITE_CANTOPEN && of_system) why = strerror(file_cause(history->path, of_system));
    log_error("%s: %s: %s%s", history->path, what, why, advice(code));
    return code == SQLITE_NOMEM ? OCELLI_ERR_MEMORY : OCELLI_ERR_FILE;
}

/* ---- opening ---- */

static int number(struct history *h, const char *text, int64_t *value) {
    sqlite3_stmt *s;
    history_hurry(h);
    if (sqlite3_prepare_v2(h->db, text, -1, &s, NULL)) return SQLITE_ERROR;
    int code = history_step(h, s);
    if (code == SQLITE_ROW) *value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return code == SQLITE_ROW ? SQLITE_OK : SQLITE_ERROR;
}

/* *empty: a new file, or one without anything in it. */
static int identify(struct history *h, bool *empty) {
    int64_t id = 0, version = 0;
    bool any = false;
    if (number(h, "PRAGMA application_id", &id) || number(h, "PRAGMA user_version", &version))
        return history_fault(h, "cannot read the history");
    if (id == APPLICATION_ID && version == VERSION) return history_check_tables(h);
    if (!id && history_has_tables(h, &any)) return history_fault(h, "cannot read the history");
    *empty = !id && !any;
    if (*empty) return OCELLI_OK;
    if (id != APPLICATION_ID)
        return log_fail(OCELLI_ERR_FILE, "%s: a database, but no history of ocelli: give another file", h->path);
    return log_fail(OCELLI_ERR_FILE, "%s: a history of version %lld, not %d: give another file", h->path,
                    (long long)version, VERSION);
}

static int prepare(struct history *h) {
    for (int i = 0; i < HISTORY_STATEMENTS; i++)
        if (sqlite3_prepare_v3(h->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &h->statements[i], NULL))
            return history_fault(h, "cannot read the history");
    return OCELLI_OK;
}

static int open_file(struct history *h, int flags, bool *empty) {
    struct stat st;
    if (!stat(h->path, &st) && !S_ISREG(st.st_mode)) /* a FIFO would hold us in open(2) */
        return log_fail(OCELLI_ERR_FILE, "%s: not a regular file: give another name for the history", h->path);
    if (flags & SQLITE_OPEN_READONLY && access(h->path, R_OK))
        return log_fail(OCELLI_ERR_FILE,
                        "%s: cannot open the history: %s: give the file that [memory] of the daemon's ini names",
                        h->path, strerror(errno));
    int code = sqlite3_open_v2(h->path, &h->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code) return history_fault(h, "cannot open the history");
    sqlite3_busy_timeout(h->db, BUSY_MS);
    history_guard(h);
    sqlite3_exec(h->db, "PRAGMA cell_size_check = ON; PRAGMA cache_size = -1024", NULL, NULL, NULL);
    return identify(h, empty);
}

static struct history *make(const char *path, const struct memory_model *model) {
    struct history *h = calloc(1, sizeof *h);
    if (!h) return NULL;
    h->model = *model;
    bool special = *path == ':'; /* to SQLite: ":memory:" is no file */
    if (asprintf(&h->path, "%s%s", special ? "./" : "", path) < 0) h->path = NULL;
    h->model.name = strdup(model->name);
    if (!h->path || !h->model.name) history_close(&h);
    return h;
}

int history_open(struct history **out, const char *path, const struct memory_model *model) {
    bool empty = false;
    struct history *h = *out = make(path, model);
    if (!h) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    int status = open_file(h, SQLITE_OPEN_READONLY, &empty);
    if (!status && empty) status = log_fail(OCELLI_ERR_FILE, "%s: no history of ocelli: it is empty", path);
    if (status) history_close(out);
    return status;
}

static int ready_to_write(struct history *h, bool empty) {
    if (sqlite3_exec(h->db, writing, NULL, NULL, NULL) || (empty && sqlite3_exec(h->db, schema, NULL, NULL, NULL)))
        return history_fault(h, "cannot write the history");
    return prepare(h);
}

int history_create(struct history **out, const char *path, const struct memory_model *model, uint64_t budget) {
    bool empty = false;
    struct history *h = *out = make(path, model);
    if (!h) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    h->budget = budget;
    int status = open_file(h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &empty);
    if (!status) status = ready_to_write(h, empty);
    if (!status) status = history_tell_others(h);
    if (status) history_close(out);
    return status;
}

/* A file in WAL mode can only be read by who may write beside it: left behind by the last who uses it, it is a plain
 * one. */
static void leave(struct history *h) {
    sqlite3_busy_timeout(h->db, 0);
    sqlite3_exec(h->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
}

void history_close(struct history **out) {
    if (!out || !*out) return;
    struct history *h = *out;
    if (h->statements[HISTORY_STATEMENTS - 1]) leave(h); /* ours, and opened for writing */
    for (int i = 0; i < HISTORY_STATEMENTS; i++) sqlite3_finalize(h->statements[i]);
    sqlite3_close(h->db);
    free(h->path);
    free((char *)h->model.name);
    free(h);
    *out = NULL;
}

/* ---- appending ---- */

/* Runs a statement whose values are bound; *value (may be NULL) gets the number that it gives. */
static bool execute(struct history *h, enum history_statement which, int64_t *value) {
    sqlite3_stmt *s = h->statements[which];
    int code = history_step(h, s);
    if (code == SQLITE_ROW && value) *value = sqlite3_column_int64(s, 0);
    return (sqlite3_reset(s) == SQLITE_OK) & (code == SQLITE_ROW || code == SQLITE_DONE);
}

static bool used(struct history *h, uint64_t *bytes) {
    int64_t pages = 0;
    bool good = execute(h, HISTORY_PAGES, &pages);
    *bytes = (uint64_t)pages * PAGE;
    return good;
}

static bool trim(struct history *h, size_t count) {
    uint64_t more = count * (h->model.size + ROW) + 8 * PAGE, capacity = h->budget > ASIDE ? h->budget - ASIDE : 0;
    bool good = used(h, &h->bytes);
    for (int i = 0; good && i < ROUNDS && h->bytes + more > capacity; i++) {
        sqlite3_bind_int64(h->statements[HISTORY_OLDEST], 1, AT_ONCE);
        good = execute(h, HISTORY_OLDEST, NULL) && used(h, &h->bytes);
        if (!sqlite3_changes(h->db)) break;
    }
    return good && execute(h, HISTORY_SESSIONS_OVER, NULL);
}

static bool insert(struct history *h, int64_t of_session, const struct history_picture *p) {
    sqlite3_stmt *s = h->statements[HISTORY_INSERT];
    sqlite3_bind_int64(s, 1, of_session);
    sqlite3_bind_int64(s, 2, p->boot_ms);
    sqlite3_bind_double(s, 3, (double)p->scale);
    sqlite3_bind_blob(s, 4, p->vector, (int)h->model.size, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, p->tags, -1, SQLITE_STATIC);
    return execute(h, HISTORY_INSERT, NULL);
}

static bool note_session(struct history *h, int64_t of_session, int64_t boot_at_ms) {
    sqlite3_stmt *s = h->statements[HISTORY_SESSION];
    sqlite3_bind_int64(s, 1, of_session);
    sqlite3_bind_text(s, 2, h->model.name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, h->model.key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, h->model.size);
    sqlite3_bind_int64(s, 5, boot_at_ms);
    sqlite3_bind_int64(s, 6, sqlite3_last_insert_rowid(h->db));
    return execute(h, HISTORY_SESSION, NULL);
}

int history_append(struct history *history, const struct history_picture *pictures, size_t count, int64_t boot_at_ms) {
    int moved = 0;
    int64_t of_session = history->session;
    if (!sqlite3_file_control(history->db, NULL, SQLITE_FCNTL_HAS_MOVED, &moved) && moved)
        return log_fail(OCELLI_ERR_FILE, "%s: the history was removed or replaced while it was written", history->path);
    bool good = execute(history, HISTORY_BEGIN, NULL) &&
                (of_session || execute(history, HISTORY_NEXT_SESSION, &of_session)) && trim(history, count);
    for (size_t i = 0; good && i < count; i++) good = insert(history, of_session, &pictures[i]);
    good = good && note_session(history, of_session, boot_at_ms) && used(history, &history->bytes) &&
           execute(history, HISTORY_COMMIT, NULL);
    if (good) {
        history->session = of_session;
        return OCELLI_OK;
    }
    int status = history_fault(history, "cannot write the history");
    if (!sqlite3_get_autocommit(history->db)) execute(history, HISTORY_ROLLBACK, NULL);
    return status;
}

uint64_t history_bytes(const struct history *history) {
    return history->bytes;
}
