/* SPDX-License-Identifier: Apache-2.0
 * inih splits NAME = VALUE. Left alone it would cut lines at 200 bytes, section names at 49 and
 * values at " ;", join indented lines and not tell of a section without values, all in silence.
 * So its reader, next_line() here, refuses the first and third, and takes the sections itself. */
#include "base/ini.h"
#include "base/log.h"

#include <ini.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct reader {
    struct ini_place at;
    const char *bytes;
    size_t size, next; /* the next byte */
    const struct ini_table *table;
    const struct ini_section *section; /* whose lines these are; NULL: nobody's */
    struct faults *faults;
    bool unknown;    /* section is NULL as nobody knows it: its lines are passed over */
    bool unreadable; /* this is no text file: to go on would tell of each line */
    int status;
};

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Text that is not terminated, without the blanks at its ends. */
struct piece {
    const char *text;
    size_t length;
};

static struct piece trim(struct piece s) {
    while (s.length && blank(s.text[0])) s.text++, s.length--;
    while (s.length && blank(s.text[s.length - 1])) s.length--;
    return s;
}

static const struct ini_section *find(const struct ini_table *table, struct piece word, bool named) {
    for (; table; table = table->next)
        for (size_t i = 0; i < table->count; i++) {
            const struct ini_section *s = &table->sections[i];
            if (s->named == named && strlen(s->name) == word.length && !memcmp(s->name, word.text, word.length))
                return s;
        }
    return NULL;
}

/* "[tag NAME], [templates] or [run]", as far as there is room. */
static void list_known(const struct ini_table *table, char *out, size_t capacity) {
    size_t left = 0, at = 0;
    for (const struct ini_table *t = table; t; t = t->next)
        for (size_t i = 0; i < t->count; i++) left += t->sections[i].name[0] != '\0';
    out[0] = '\0';
    for (const struct ini_table *t = table; t; t = t->next)
        for (size_t i = 0; i < t->count && at < capacity; i++) {
            const struct ini_section *s = &t->sections[i];
            if (!s->name[0]) continue;
            left--;
            at += (size_t)snprintf(out + at, capacity - at, "[%s%s]%s", s->name, s->named ? " NAME" : "",
                                   left > 1 ? ", "
                                   : left   ? " or "
                                            : "");
        }
}

static int unknown_section(const struct reader *r, struct piece s) {
    char known[256];
    list_known(r->table, known, sizeof known);
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: unknown section \"%.*s\": %s are known", r->at.file, r->at.line,
                    (int)s.length, s.text, known);
}

/* "[WORD]" or "[WORD ARGUMENT]"; a ']' may be part of ARGUMENT. */
static int section(struct reader *r, struct piece line) {
    if (line.text[line.length - 1] != ']')
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: a section ends with ']', and nothing follows it", r->at.file,
                        r->at.line);
    char argument[INI_LINE + 1];
    struct piece s = trim((struct piece){line.text + 1, line.length - 2});
    size_t word = 0;
    while (word < s.length && !blank(s.text[word])) word++;
    struct piece rest = trim((struct piece){s.text + word, s.length - word});
    r->section = s.length ? find(r->table, (struct piece){s.text, word}, rest.length > 0) : NULL;
    r->unknown = !r->section;
    if (!r->section) return unknown_section(r, s);
    memcpy(argument, rest.text, rest.length);
    argument[rest.length] = '\0';
    return r->section->begin ? r->section->begin(r->section->user, &r->at, argument) : OCELLI_OK;
}

/* People write comments behind values. Some INI readers take them so, others do not; neither guess
 * may change a value unseen. */
static bool has_comment(struct piece s) {
    for (size_t i = 1; i < s.length; i++)
        if ((s.text[i] == ';' || s.text[i] == '#') && blank(s.text[i - 1])) return true;
    return false;
}

static int refuse_file(struct reader *r, const char *why) {
    r->unreadable = true;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s", r->at.file, r->at.line, why);
}

/* Leaves in `out` (of `capacity` bytes) the part of a line for inih: NAME = VALUE, or nothing. */
static int take_line(struct reader *reader, struct piece s, char *out, size_t capacity) {
    const struct ini_place *at = &reader->at;
    s = trim(s);
    out[0] = '\0';
    if (s.length && memchr(s.text, '\r', s.length) && !memchr(s.text, 0, s.length))
        return refuse_file(reader, "lines end with CR alone, as on old Macs: save the file with LF or CRLF line ends");
    if (s.length == 0 || s.text[0] == ';' || s.text[0] == '#') return OCELLI_OK;
    if (s.length > INI_LINE || s.length > capacity - 1)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: %zu bytes in a line, at most %d", at->file, at->line, s.length,
                        INI_LINE);
    if (memchr(s.text, '\0', s.length)) return refuse_file(reader, "a zero byte: this is not a text file");
    if (s.text[0] == '[') return section(reader, s);
    if (has_comment(s))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: ';' or '#' after a blank: a comment needs a line of its own",
                        at->file, at->line);
    if (!memchr(s.text, '=', s.length) && !memchr(s.text, ':', s.length)) /* inih would tell of the first alone */
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: expected NAME = VALUE", at->file, at->line);
    memcpy(out, s.text, s.length);
    out[s.length] = '\0';
    return OCELLI_OK;
}

/* An ini_reader: one line, or NULL at the end and after a fault that ends it. */
static char *next_line(char *out, int capacity, void *user) {
    struct reader *r = user;
    if (r->status || r->next == r->size) return NULL;
    const char *from = r->bytes + r->next, *end = memchr(from, '\n', r->size - r->next);
    size_t length = end ? (size_t)(end - from) : r->size - r->next;
    r->next += length + (end != NULL);
    r->at.line++;
    r->status = take_line(r, (struct piece){from, length}, out, (size_t)capacity);
    if (!r->unreadable) r->status = faults_pass(r->faults, r->status);
    return r->status ? NULL : out;
}

/* An ini_handler; its section is always empty, see section(). */
static int take_value(void *user, const char *unused, const char *key, const char *value) {
    struct reader *r = user;
    (void)unused;
    if (r->unknown) return true;
    if (r->section)
        r->status = r->section->value(r->section->user, &r->at, key, value);
    else
        r->status =
            log_fail(OCELLI_ERR_FILE, "%s:%zu: \"%s\" stands before the first section: write its [section] above it",
                     r->at.file, r->at.line, key);
    r->status = faults_pass(r->faults, r->status);
    return r->status == OCELLI_OK;
}

int ini_read(const void *bytes, size_t size, const char *file, const struct ini_table *table, struct faults *faults) {
    struct reader r = {.at.file = file, .bytes = bytes, .size = size, .table = table, .faults = faults};
    r.section = find(table, (struct piece){"", 0}, false);
    if (size >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3)) r.next = 3; /* UTF-8's mark, from some editors */
    int bad_line = ini_parse_stream(next_line, &r, take_value, &r);
    if (!r.status && bad_line) r.status = log_fail(OCELLI_ERR_FILE, "%s:%d: expected NAME = VALUE", file, bad_line);
    return r.status;
}

bool ini_number(const char *text, double *value) {
    bool negative = *text == '-';
    int digits = 0;
    int64_t whole = 0, scale = 0; /* of 10: 0 until the point is seen */
    for (text += negative; *text; text++) {
        if (*text == '.' && !scale && digits) {
            scale = 1;
        } else if (*text >= '0' && *text <= '9' && digits < 15) {
            whole = 10 * whole + (*text - '0'), scale *= 10, digits++;
        } else {
            return false;
        }
    }
    if (!digits || scale == 1) return false; /* nothing, or nothing behind the point */
    *value = (double)whole / (double)(scale ? scale : 1) * (negative ? -1 : 1);
    return true;
}
