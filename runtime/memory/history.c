/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
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

enum {
    PAGE = 4096,            /* of SQLite: an SD card writes little more */
    ASIDE = 2 << 20,        /* of the budget: the log and its index */
    BUSY_MS = 2000,         /* another program writes or closes */
    AT_ONCE = 64,           /* pictures deleted together */
    ROUNDS = 64,            /* so often an append: a smaller budget is reached little by little */
    ROW = 64 + HISTORY_TAGS /* beside the vector, at most */
};

static const char *const sql[HISTORY_STATEMENTS] = {
    [HISTORY_BEGIN] = "BEGIN IMMEDIATE",
    [HISTORY_COMMIT] = "COMMIT",
    [HISTORY_INSERT] = "INSERT INTO picture(run, boot_ms, scale, vector, tags) VALUES(?1, ?2, ?3, ?4, ?5)",
    [HISTORY_SESSION] = "INSERT INTO run VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
                        " ON CONFLICT(id) DO UPDATE SET boot_at_ms = excluded.boot_at_ms, last = excluded.last",
    [HISTORY_NEXT_SESSION] = "SELECT coalesce(max(id), 0) + 1 FROM run",
    [HISTORY_OLDEST] = "DELETE FROM picture WHERE id < (SELECT min(id) FROM picture) + ?1",
    [HISTORY_SESSIONS_OVER] = "DELETE FROM run WHERE last < (SELECT min(id) FROM picture)",
    [HISTORY_PAGES] = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count,"
                      " pragma_page_size",
    [HISTORY_THUMBNAIL] = "INSERT INTO thumbnail VALUES(?1, ?2)",
    [HISTORY_THUMBNAILS_OVER] = "DELETE FROM thumbnail WHERE id < (SELECT min(id) FROM picture)",
};

bool history_built_in(void) {
    return true;
}

/* ---- faults ---- */

static const char *advice(const struct history *h, int code) {
    switch (code & 0xff) {
    case SQLITE_FULL: return h->budget ? ": make room, or give it a smaller budget" : ": make room";
    case SQLITE_IOERR: return ": its disk is at fault, see the kernel's log (dmesg)";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ": another program holds it";
    case SQLITE_CORRUPT:
    case SQLITE_TOOBIG:
    case SQLITE_INTERRUPT: /* it took too long */
    case SQLITE_NOTADB:
        return h->is_library ? ": move it away, and index anew" : ": move it away, and a new one is begun";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN: return ": its folder must be there, and this program must be able to write both";
    default: return "";
    }
}

static const char *noun(const struct history *h) {
    return h->is_library ? "library" : "history";
}

/* errno of what SQLite could not do; 0: unknown. Of a COMMIT it is told only by the file that was written: the log
 * (WAL) or the file itself. */
static int fault_of_system(const struct history *h) {
    sqlite3_file *log = NULL;
    int fault = h->db ? sqlite3_system_errno(h->db) : 0;
    if (!h->db || fault) return fault;
    sqlite3_file_control(h->db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log && log->pMethods) log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &fault);
    if (!fault) sqlite3_file_control(h->db, NULL, SQLITE_FCNTL_LAST_ERRNO, &fault);
    return fault;
}

int history_fault(const struct history *history, const char *what) {
    int code = history->db ? sqlite3_errcode(history->db) : SQLITE_NOMEM;
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) code = SQLITE_NOMEM; /* ours, not SQLite's */
    const char *why = code == SQLITE_NOMEM       ? "out of memory"
                      : code == SQLITE_INTERRUPT ? "it takes too long"
                                                 : sqlite3_errmsg(history->db);
    int of_system = fault_of_system(history);
    bool io = (code & 0xff) == SQLITE_IOERR && of_system;
    if (code == SQLITE_CANTOPEN && of_system) why = strerror(file_cause(history->path, of_system));
    if (io) why = file_write_error(of_system);
    log_error("%s: %s the %s: %s%s", history->path, what, noun(history), why,
              io && of_system != EIO ? "" : advice(history, code));
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
        return history_fault(h, "cannot read");
    if (id == HISTORY_APPLICATION_ID && version >= HISTORY_FIRST_VERSION && version <= HISTORY_VERSION) {
        h->version = (int)version;
        return history_check_tables(h);
    }
    if (!id && history_has_tables(h, &any)) return history_fault(h, "cannot read");
    *empty = !id && !any;
    if (*empty) return OCELLI_OK;
    if (id != HISTORY_APPLICATION_ID)
        return log_fail(OCELLI_ERR_FILE, "%s: a database, but no %s of ocelli: give another file", h->path, noun(h));
    return log_fail(OCELLI_ERR_FILE, "%s: a %s of version %lld, not %d: give another file, or a newer ocelli", h->path,
                    noun(h), (long long)version, HISTORY_VERSION);
}

static int prepare(struct history *h) {
    for (int i = 0; i < HISTORY_STATEMENTS; i++)
        if (sqlite3_prepare_v3(h->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &h->statements[i], NULL))
            return history_fault(h, "cannot read");
    return OCELLI_OK;
}

static int open_file(struct history *h, int flags, bool *empty) {
    struct stat st;
    if (!stat(h->path, &st) && !S_ISREG(st.st_mode)) /* a FIFO would hold us in open(2) */
        return log_fail(OCELLI_ERR_FILE, "%s: not a regular file: give another name for the %s", h->path, noun(h));
    if (flags & SQLITE_OPEN_READONLY && access(h->path, R_OK))
        return log_fail(OCELLI_ERR_FILE, "%s: cannot open the %s: %s: give the file that %s", h->path, noun(h),
                        strerror(errno), h->is_library ? "`ocelli index` made" : "[memory] of the daemon's ini names");
    int code = sqlite3_open_v2(h->path, &h->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code) return history_fault(h, "cannot open");
    sqlite3_busy_timeout(h->db, BUSY_MS);
    history_guard(h);
    sqlite3_exec(h->db, "PRAGMA cell_size_check = ON; PRAGMA cache_size = -1024", NULL, NULL, NULL);
    return identify(h, empty);
}

static struct history *make(const char *path, const struct memory_model *model, bool library) {
    struct history *h = calloc(1, sizeof *h);
    if (!h) return NULL;
    h->model = *model, h->is_library = library;
    bool special = *path == ':'; /* to SQLite: ":memory:" is no file */
    if (asprintf(&h->path, "%s%s", special ? "./" : "", path) < 0) h->path = NULL;
    h->model.name = strdup(model->name);
    if (!h->path || !h->model.name) history_close(&h);
    return h;
}

int history_open_file(struct history **out, const char *path, const struct memory_model *model,
                      enum history_opening how, bool *empty) {
    struct history *h = *out = make(path, model, how & HISTORY_LIBRARY);
    if (!h) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    int flags = how & HISTORY_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    *empty = false;
    int status = open_file(h, flags, empty);
    if (status) history_close(out);
    return status;
}

int history_open_to_read(struct history **out, const char *path, const struct memory_model *model,
                         enum history_opening how) {
    bool empty;
    int status = history_open_file(out, path, model, how, &empty);
    if (!status && empty) status = log_fail(OCELLI_ERR_FILE, "%s: no %s of ocelli: it is empty", path, noun(*out));
    if (status) history_close(out);
    return status;
}

int history_open(struct history **out, const char *path, const struct memory_model *model) {
    return history_open_to_read(out, path, model, 0);
}

int history_ready_to_write(struct history *history, bool empty, int page_bytes) {
    char bytes[64], writing[256];
    snprintf(bytes, sizeof bytes, "PRAGMA page_size = %d", page_bytes);
    /* FULL: what is committed is on the disk, where NORMAL would leave it to the system's next half minute. What is
     * deleted is not overwritten, which would double the writes. The log beside the file is taken over at each 1 MiB.
     */
    snprintf(writing, sizeof writing,
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF;"
             "PRAGMA wal_autocheckpoint = %d; PRAGMA journal_size_limit = 1048576",
             (1 << 20) / page_bytes);
    history->writable = true;
    if ((empty && sqlite3_exec(history->db, bytes, NULL, NULL, NULL)) ||
        sqlite3_exec(history->db, writing, NULL, NULL, NULL))
        return history_fault(history, "cannot write");
    int status = history->version < HISTORY_VERSION ? history_make_tables(history) : OCELLI_OK;
    return status ? status : prepare(history);
}

int history_is_library(struct history *history, bool *is) {
    *is = false;
    if (history->version < HISTORY_VERSION) return OCELLI_OK;
    sqlite3_stmt *s = history_prepare(history, "SELECT 1 FROM folder LIMIT 1");
    int code = s ? history_step(history, s) : SQLITE_ERROR;
    *is = code == SQLITE_ROW;
    int status = code == SQLITE_ROW || code == SQLITE_DONE ? OCELLI_OK : history_fault(history, "cannot read");
    sqlite3_finalize(s);
    return status;
}

static int refuse_library(struct history *h) {
    bool is;
    int status = history_is_library(h, &is);
    if (!status && is)
        status =
            log_fail(OCELLI_ERR_FILE, "%s: a library of `ocelli index`: give the history a file of its own", h->path);
    return status;
}

int history_create(struct history **out, const char *path, const struct memory_model *model, uint64_t budget) {
    bool empty;
    int status = history_open_file(out, path, model, HISTORY_WRITE, &empty);
    if (status) return status;
    (*out)->budget = budget;
    status = refuse_library(*out);
    if (!status) status = history_ready_to_write(*out, empty, PAGE);
    if (!status) status = history_tell_others(*out);
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
    if (h->writable && h->version == HISTORY_VERSION) leave(h);
    for (int i = 0; i < HISTORY_STATEMENTS; i++) sqlite3_finalize(h->statements[i]);
    for (int i = 0; i < LIBRARY_STATEMENTS; i++) sqlite3_finalize(h->library[i]);
    sqlite3_close(h->db);
    file_lock_release(&h->own);
    free(h->path);
    free((char *)h->model.name);
    free(h);
    *out = NULL;
}

/* ---- appending ---- */

static bool execute(struct history *h, enum history_statement which, int64_t *value) {
    return history_execute(h, h->statements[which], value);
}

static bool used(struct history *h, uint64_t *bytes) {
    int64_t in_use = 0;
    bool good = execute(h, HISTORY_PAGES, &in_use);
    *bytes = (uint64_t)in_use;
    return good;
}

static bool trim(struct history *h, size_t count, size_t thumbnails) {
    uint64_t more = count * (h->model.size + ROW) + thumbnails + 8 * PAGE,
             capacity = h->budget > ASIDE ? h->budget - ASIDE : 0;
    bool good = used(h, &h->bytes);
    for (int i = 0; good && i < ROUNDS && h->bytes + more > capacity; i++) {
        sqlite3_bind_int64(h->statements[HISTORY_OLDEST], 1, AT_ONCE);
        good = execute(h, HISTORY_OLDEST, NULL);
        int gone = sqlite3_changes(h->db);
        good = good && execute(h, HISTORY_THUMBNAILS_OVER, NULL) && used(h, &h->bytes);
        if (!gone) break;
    }
    return good && execute(h, HISTORY_SESSIONS_OVER, NULL);
}

static bool insert_thumbnail(struct history *h, int64_t id, const uint8_t *jpeg, size_t size) {
    sqlite3_stmt *s = h->statements[HISTORY_THUMBNAIL];
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_blob(s, 2, jpeg, (int)size, SQLITE_STATIC);
    return execute(h, HISTORY_THUMBNAIL, NULL);
}

static bool insert(struct history *h, int64_t of_session, const struct history_picture *p, int64_t *id) {
    sqlite3_stmt *s = h->statements[HISTORY_INSERT];
    sqlite3_bind_int64(s, 1, of_session);
    sqlite3_bind_int64(s, 2, p->boot_ms);
    sqlite3_bind_double(s, 3, (double)p->scale);
    sqlite3_bind_blob(s, 4, p->vector, (int)h->model.size, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, p->tags, -1, SQLITE_STATIC);
    if (!execute(h, HISTORY_INSERT, NULL)) return false;
    *id = sqlite3_last_insert_rowid(h->db);
    return !p->jpeg_size || insert_thumbnail(h, *id, p->jpeg, p->jpeg_size);
}

static bool note_session(struct history *h, int64_t of_session, int64_t boot_at_ms, int64_t last) {
    sqlite3_stmt *s = h->statements[HISTORY_SESSION];
    sqlite3_bind_int64(s, 1, of_session);
    sqlite3_bind_text(s, 2, h->model.name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, h->model.key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, h->model.size);
    sqlite3_bind_int64(s, 5, boot_at_ms);
    sqlite3_bind_int64(s, 6, last);
    return execute(h, HISTORY_SESSION, NULL);
}

int history_check_moved(struct history *history) {
    int moved = 0;
    if (sqlite3_file_control(history->db, NULL, SQLITE_FCNTL_HAS_MOVED, &moved) || !moved) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: the %s was removed or replaced while it was written", history->path,
                    noun(history));
}

int history_undo(struct history *history) {
    int status = history_fault(history, "cannot write");
    if (!sqlite3_get_autocommit(history->db)) sqlite3_exec(history->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

int history_append(struct history *history, const struct history_picture *pictures, size_t count, int64_t boot_at_ms) {
    int64_t of_session = history->session, last = 0;
    size_t thumbnails = 0;
    for (size_t i = 0; i < count; i++) thumbnails += pictures[i].jpeg_size;
    int status = history_check_moved(history);
    if (status) return status;
    bool good = execute(history, HISTORY_BEGIN, NULL) &&
                (of_session || execute(history, HISTORY_NEXT_SESSION, &of_session)) && trim(history, count, thumbnails);
    for (size_t i = 0; good && i < count; i++) good = insert(history, of_session, &pictures[i], &last);
    good = good && note_session(history, of_session, boot_at_ms, last) && used(history, &history->bytes) &&
           execute(history, HISTORY_COMMIT, NULL);
    if (!good) return history_undo(history);
    history->session = of_session;
    return OCELLI_OK;
}

uint64_t history_bytes(const struct history *history) {
    return history->bytes;
}
