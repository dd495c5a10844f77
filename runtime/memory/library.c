/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/library.h"
#include "base/log.h"
#include "memory/history_inner.h"
#include "memory/library_inner.h"
#include "memory/pack.h"

#include <stdlib.h>
#include <string.h>

static const char *const sql[LIBRARY_STATEMENTS] = {
    [LIBRARY_FOLDER] = "SELECT id FROM folder WHERE path = ?1",
    [LIBRARY_NEW_FOLDER] = "INSERT INTO folder(path) VALUES(?1) RETURNING id",
    [LIBRARY_FIND] = "SELECT id, size, changed_ns FROM file WHERE folder = ?1 AND name = ?2",
    [LIBRARY_NEW_FILE] = "INSERT INTO file VALUES(?1, ?2, ?3, ?4, ?5)",
    [LIBRARY_PICTURE] = "INSERT INTO picture VALUES(?1, ?2, ?3, 0, x'', '')", /* its vector lies in a page */
    [LIBRARY_REMOVE_PICTURE] = "DELETE FROM picture WHERE id = ?1",
    [LIBRARY_REMOVE_FILE] = "DELETE FROM file WHERE id = ?1",
    [LIBRARY_REMOVE_THUMBNAIL] = "DELETE FROM thumbnail WHERE id = ?1",
    [LIBRARY_PAGE_OF] = "SELECT first, sum, facts FROM page WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
    [LIBRARY_PAGE_FACTS] = "UPDATE page SET sum = ?2, facts = ?3 WHERE first = ?1",
    [LIBRARY_PAGE_OVER] = "DELETE FROM page WHERE first = ?1",
    [LIBRARY_LAST_PAGE] = "SELECT first, count, facts, vectors, sum FROM page ORDER BY first DESC LIMIT 1",
    [LIBRARY_NEW_PAGE] = "INSERT OR REPLACE INTO page VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
};

/* ---- opening ---- */

/* Vectors of two models cannot be compared: a library has one. */
static int check_model(struct history *h) {
    sqlite3_stmt *s = history_prepare(h, "SELECT name FROM run WHERE key <> ?1 LIMIT 1");
    if (s) sqlite3_bind_text(s, 1, h->model.key, -1, SQLITE_STATIC);
    int code = s ? history_step(h, s) : SQLITE_ERROR;
    int status = OCELLI_OK;
    if (code == SQLITE_ROW)
        status = log_fail(OCELLI_ERR_FILE,
                          "%s: its vectors are of another model (%s): give that model with -m, or another file",
                          h->path, (const char *)sqlite3_column_text(s, 0));
    else if (code != SQLITE_DONE)
        status = history_fault(h, "cannot read");
    sqlite3_finalize(s);
    return status;
}

static int64_t number(struct history *h, const char *text, int64_t otherwise) {
    int64_t value = otherwise;
    sqlite3_stmt *s = history_prepare(h, text);
    if (s && history_step(h, s) == SQLITE_ROW) value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

static int check_kind(struct history *h) {
    bool library;
    int status = history_is_library(h, &library);
    if (status || library || number(h, "SELECT 1 FROM picture LIMIT 1", 0) == 0) return status;
    return log_fail(OCELLI_ERR_FILE, "%s: the history of a daemon: give the library a file of its own", h->path);
}

static int prepare(struct history *h) {
    for (int i = 0; i < LIBRARY_STATEMENTS; i++)
        if (sqlite3_prepare_v3(h->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &h->library[i], NULL))
            return history_fault(h, "cannot read");
    h->session = number(h, "SELECT min(id) FROM run", 0);
    h->next = 1 + number(h,
                         "SELECT max(coalesce((SELECT max(id) FROM picture), 0), coalesce((SELECT max(last) FROM"
                         " run), 0))",
                         0);
    return library_find_packed(h);
}

static int begin(struct history *h, bool empty) {
    int status = h->version ? check_kind(h) : OCELLI_OK;
    if (!status && h->version) status = check_model(h);
    if (!status) status = history_ready_to_write(h, empty, PAGE_LEAF);
    return status ? status : prepare(h);
}

static int in_use(const char *path) {
    return log_fail(OCELLI_ERR_FILE, "%s: another `ocelli index` writes to it: wait for its end", path);
}

/* A new file has its lock when it is there. */
int library_open(struct history **out, const char *path, const struct memory_model *model) {
    struct file_lock own = {0};
    bool empty;
    *out = NULL;
    if (!file_lock_take(&own, path)) {
        file_lock_release(&own);
        return in_use(path);
    }
    int status = history_open_file(out, path, model, HISTORY_WRITE | HISTORY_LIBRARY, &empty);
    if (status) {
        file_lock_release(&own);
        return status;
    }
    (*out)->own = own;
    status = file_lock_take(&(*out)->own, path) ? begin(*out, empty) : in_use(path);
    if (status) history_close(out);
    return status;
}

int library_read(struct history **out, const char *path, const struct memory_model *model) {
    int status = history_open_to_read(out, path, model, HISTORY_LIBRARY);
    if (!status) status = check_model(*out);
    if (status) history_close(out);
    return status;
}

int library_read_any(struct history **out, const char *path, const struct memory_model *model) {
    int status = history_open_to_read(out, path, model, HISTORY_LIBRARY);
    if (!status) status = history_is_library(*out, &(*out)->is_library);
    if (!status && (*out)->is_library) status = check_model(*out);
    if (status) history_close(out);
    return status;
}

/* ---- finding ---- */

const char *library_split(const char *path, size_t *folder) {
    const char *slash = strrchr(path, '/');
    *folder = slash == path ? 1 : (size_t)(slash - path);
    return slash + 1;
}

bool library_folder(struct history *h, const char *path, size_t length, bool make, int64_t *id) {
    *id = 0;
    for (int i = 0; i < 1 + make && !*id; i++) {
        sqlite3_stmt *s = h->library[i ? LIBRARY_NEW_FOLDER : LIBRARY_FOLDER];
        sqlite3_bind_text(s, 1, path, (int)length, SQLITE_STATIC);
        if (!history_execute(h, s, id)) return false;
    }
    return true;
}

static bool find(struct history *h, const char *path, struct library_file *file) {
    size_t length;
    int64_t folder;
    const char *name = library_split(path, &length);
    *file = (struct library_file){0};
    if (!library_folder(h, path, length, false, &folder)) return false;
    if (!folder) return true;
    sqlite3_stmt *s = h->library[LIBRARY_FIND];
    sqlite3_bind_int64(s, 1, folder);
    sqlite3_bind_text(s, 2, name, -1, SQLITE_STATIC);
    int code = history_step(h, s);
    if (code == SQLITE_ROW)
        *file =
            (struct library_file){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2)};
    return (sqlite3_reset(s) == SQLITE_OK) & (code == SQLITE_ROW || code == SQLITE_DONE);
}

int library_find(struct history *library, const char *path, struct library_file *file) {
    return find(library, path, file) ? OCELLI_OK : history_fault(library, "cannot read");
}

/* ---- adding ---- */

static bool insert_file(struct history *h, const struct library_picture *p, int64_t id) {
    size_t length;
    int64_t folder;
    const char *name = library_split(p->path, &length);
    if (!library_folder(h, p->path, length, true, &folder)) return false;
    sqlite3_stmt *s = h->library[LIBRARY_NEW_FILE];
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_int64(s, 2, folder);
    sqlite3_bind_text(s, 3, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, p->size);
    sqlite3_bind_int64(s, 5, p->changed_ns);
    return history_execute(h, s, NULL);
}

static bool insert_thumbnail(struct history *h, const struct library_picture *p, int64_t id) {
    sqlite3_stmt *s = h->statements[HISTORY_THUMBNAIL];
    if (!p->jpeg_size) return true;
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_blob(s, 2, p->jpeg, (int)p->jpeg_size, SQLITE_STATIC);
    return history_execute(h, s, NULL);
}

/* What put() works with. */
struct putting {
    const struct library_picture *pictures; /* (count) */
    size_t count;
    int64_t *ids;   /* (count), of old ones */
    int8_t *packed; /* (D) */
    struct library_page *page;
};

static bool insert_picture(struct history *h, struct putting *p, const struct library_picture *picture, int64_t id) {
    float scale = pack_picture(picture->vector, h->model.size, p->packed);
    if (!(scale > 0)) return true;
    sqlite3_stmt *s = h->library[LIBRARY_PICTURE];
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_int64(s, 2, h->session);
    sqlite3_bind_int64(s, 3, picture->time_ms);
    return history_execute(h, s, NULL) && insert_file(h, picture, id) && insert_thumbnail(h, picture, id) &&
           library_page_add(h, p->page, id, picture->time_ms, scale, p->packed);
}

static bool note_session(struct history *h, int64_t last) {
    sqlite3_stmt *s = h->statements[HISTORY_SESSION];
    sqlite3_bind_int64(s, 1, h->session);
    sqlite3_bind_text(s, 2, h->model.name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, h->model.key, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, h->model.size);
    sqlite3_bind_int64(s, 5, 0);
    sqlite3_bind_int64(s, 6, last);
    return history_execute(h, s, NULL);
}

/* Those of the same paths. */
static bool remove_old(struct history *h, struct putting *p) {
    size_t found = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct library_file old;
        if (!find(h, p->pictures[i].path, &old)) return false;
        if (old.id) p->ids[found++] = old.id;
    }
    return library_remove_all(h, p->ids, found);
}

static bool put(struct history *h, struct putting *p) {
    bool good = remove_old(h, p) && note_session(h, h->next + (int64_t)p->count - 1) && library_page_open(h, &p->page);
    for (size_t i = 0; good && i < p->count; i++) good = insert_picture(h, p, &p->pictures[i], h->next + (int64_t)i);
    good = good && library_page_write(h, p->page);
    free(p->page);
    p->page = NULL;
    return good;
}

/* What the handle knows goes back with the file when it does not come to a commit. */
static int transact(struct history *h, struct putting *p) {
    int64_t session = h->session, of_pages = h->packed, bytes = 0;
    if (!h->session) h->session = 1;
    bool good = history_execute(h, h->statements[HISTORY_BEGIN], NULL);
    good = good && (p->pictures ? put(h, p) : library_remove_all(h, p->ids, p->count));
    good = good && history_execute(h, h->statements[HISTORY_PAGES], &bytes) &&
           history_execute(h, h->statements[HISTORY_COMMIT], NULL);
    if (good) {
        h->bytes = (uint64_t)bytes;
        if (p->pictures) h->next += (int64_t)p->count;
        return OCELLI_OK;
    }
    h->session = session, h->packed = of_pages;
    return history_undo(h);
}

int library_put(struct history *library, const struct library_picture *pictures, size_t count) {
    int status = history_check_moved(library);
    if (status || !count) return status;
    struct putting p = {.pictures = pictures, .count = count, .ids = calloc(count, sizeof *p.ids)};
    p.packed = calloc(1, library->model.size);
    status =
        p.ids && p.packed ? transact(library, &p) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", library->path);
    free(p.ids);
    free(p.packed);
    return status;
}

int library_remove(struct history *library, const int64_t *ids, size_t count) {
    int status = history_check_moved(library);
    if (status || !count) return status;
    struct putting p = {.count = count, .ids = malloc(count * sizeof *p.ids)};
    if (!p.ids) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", library->path);
    memcpy(p.ids, ids, count * sizeof *p.ids);
    status = transact(library, &p);
    free(p.ids);
    return status;
}
