/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_table.h"
#include "base/file.h"
#include "base/log.h"
#include "ocelli/common/plain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS = 64, NONE = FIELDS };

struct reader {
    const char *at, *end, *path;
    char separator;
    size_t line;
    char *fields[FIELDS]; /* of the row that was read last */
    size_t count;
    size_t columns[3]; /* of the picture, of the text and of the group; NONE: there is none */
    bool header;
    struct arena *arena;
};

static int fault(const struct reader *r, size_t line, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s", r->path, line, what);
}

static bool at_line_end(const struct reader *r) {
    return r->at == r->end || *r->at == '\n' || (*r->at == '\r' && (r->at + 1 == r->end || r->at[1] == '\n'));
}

static void pass_line_end(struct reader *r) {
    if (r->at < r->end && *r->at == '\r') r->at++;
    if (r->at < r->end && *r->at == '\n') r->at++;
    r->line++;
}

/* Behind the opening quote. `to` has room. */
static int read_quoted(struct reader *r, char *to) {
    size_t begun = r->line;
    for (; r->at < r->end; r->at++) {
        if (*r->at == '"') {
            r->at++;
            if (r->at == r->end || *r->at != '"') {
                *to = '\0';
                return OCELLI_OK;
            }
        }
        r->line += *r->at == '\n';
        *to++ = *r->at;
    }
    return fault(r, begun, "a quoted text does not end: close it with a double quote");
}

static void trim(char **text) {
    while (**text == ' ') ++*text;
    for (size_t n = strlen(*text); n && (*text)[n - 1] == ' '; n--) (*text)[n - 1] = '\0';
}

static int read_field(struct reader *r) {
    if (r->count == FIELDS) return fault(r, r->line, "has more than 64 columns");
    size_t most = (size_t)(r->end - r->at);
    const char *stop = memchr(r->at, '\n', most);
    bool quoted = r->at < r->end && *r->at == '"';
    size_t room = !quoted && stop ? (size_t)(stop - r->at) : 0;
    if (quoted) { /* up to its closing quote */
        const char *q = r->at + 1;
        while ((q = memchr(q, '"', (size_t)(r->end - q))) && q + 1 < r->end && q[1] == '"') q += 2;
        room = q ? (size_t)(q - r->at) : most;
    } else if (!stop) {
        room = most;
    }
    char *text = arena_alloc(r->arena, room + 1, 1);
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", r->path);
    int status = OCELLI_OK;
    if (quoted) {
        r->at++;
        status = read_quoted(r, text);
        if (!status && !at_line_end(r) && *r->at != r->separator)
            status = fault(r, r->line, "something stands behind a closing quote: write a quote in a text twice");
    } else {
        const char *from = r->at;
        while (!at_line_end(r) && *r->at != r->separator) r->at++;
        memcpy(text, from, (size_t)(r->at - from));
    }
    if (!status) trim(&text);
    r->fields[r->count++] = text;
    return status;
}

static int read_row(struct reader *r) {
    r->count = 0;
    for (;;) {
        int status = read_field(r);
        if (status) return status;
        if (at_line_end(r)) break;
        r->at++; /* the separator */
    }
    pass_line_end(r);
    return OCELLI_OK;
}

static bool is_one_of(const char *text, const char *const *words) {
    for (; *words; words++)
        if (!strcasecmp(text, *words)) return true;
    return false;
}

/* Does the row that was read name the columns? */
static bool take_header(struct reader *r) {
    static const char *const images[] = {"image", "filename", "file", "path", "filepath", "picture", NULL};
    static const char *const texts[] = {"label", "class", "caption", "text", "title", NULL};
    static const char *const groups[] = {"group", NULL};
    size_t image = NONE, text = NONE, group = NONE;
    for (size_t i = r->count; i-- > 0;) {
        if (is_one_of(r->fields[i], images)) image = i;
        if (is_one_of(r->fields[i], texts)) text = i;
        if (is_one_of(r->fields[i], groups)) group = i;
    }
    if (image == NONE || (text == NONE && group == NONE)) return false;
    r->columns[0] = image, r->columns[1] = text, r->columns[2] = group;
    return true;
}

/* NULL: no such column; "": the line has none. */
static const char *field(const struct reader *r, int which) {
    if (r->columns[which] == NONE) return NULL;
    return r->columns[which] < r->count ? r->fields[r->columns[which]] : "";
}

static int check_row(const struct reader *r, size_t line) {
    size_t least = r->columns[0] + 1;
    if (r->columns[1] != NONE && r->columns[1] >= least) least = r->columns[1] + 1;
    if (r->count < least)
        return fault(r, line, r->count == 1 ? "has no second column: write PICTURE,TEXT" : "has too few columns");
    if (!r->header && r->count > 2)
        return fault(r, line,
                     "has more than two columns: put a text with commas into double quotes, or name the "
                     "columns in the first line, as image,label");
    if (!*r->fields[r->columns[0]]) return fault(r, line, "names no picture");
    const char *text = field(r, 1);
    if (text && !*text) return fault(r, line, "has no text for its picture");
    if (text && !plain_utf8(text)) return fault(r, line, "is not UTF-8: convert the file first");
    return OCELLI_OK;
}

static int add_row(struct eval_table *t, const struct reader *r, size_t line) {
    if (!(t->count & (t->count - 1))) { /* the table holds the next power of two */
        struct eval_row *rows = arena_alloc(&t->arena, t->count ? 2 * t->count : 1, sizeof *rows);
        if (!rows) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", r->path);
        if (t->count) memcpy(rows, t->rows, t->count * sizeof *rows);
        t->rows = rows;
    }
    t->rows[t->count++] = (struct eval_row){field(r, 0), field(r, 1), field(r, 2), line};
    return OCELLI_OK;
}

static int read_rows(struct eval_table *t, struct reader *r) {
    bool first = true;
    while (r->at < r->end) {
        size_t line = r->line;
        if (at_line_end(r)) {
            pass_line_end(r);
            continue;
        }
        int status = read_row(r);
        if (!status && first) r->header = take_header(r);
        bool named = first && r->header;
        first = false;
        if (!status && !named) status = check_row(r, line);
        if (!status && !named) status = add_row(t, r, line);
        if (status) return status;
    }
    return t->count ? OCELLI_OK : log_fail(OCELLI_ERR_FILE, "%s: no line in it: write PICTURE,TEXT lines", r->path);
}

int eval_table_parse(struct eval_table *table, const char *bytes, size_t size, const char *path) {
    *table = (struct eval_table){.count = 0};
    struct reader r = {
        .at = bytes, .end = bytes + size, .path = path, .line = 1, .columns = {0, 1, NONE}, .arena = &table->arena};
    if (size >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3)) r.at += 3;
    const char *newline = size ? memchr(bytes, '\n', size) : NULL;
    size_t first = newline ? (size_t)(newline - bytes) : size;
    r.separator = first && memchr(bytes, '\t', first) ? '\t' : ',';
    int status = size && memchr(bytes, '\0', size)
                     ? log_fail(OCELLI_ERR_FILE, "%s: has a zero byte: it is no text in UTF-8", path)
                     : read_rows(table, &r);
    table->texts = r.columns[1] != NONE, table->groups = r.columns[2] != NONE;
    if (status) eval_table_finish(table);
    return status;
}

int eval_table_read(struct eval_table *table, const char *path) {
    struct file_bytes bytes;
    *table = (struct eval_table){.count = 0};
    int status = file_read(&bytes, path);
    if (status) return status;
    status = eval_table_parse(table, (const char *)bytes.data, bytes.size, path);
    file_free(&bytes);
    return status;
}

void eval_table_finish(struct eval_table *t) {
    arena_finish(&t->arena);
    *t = (struct eval_table){.count = 0};
}
