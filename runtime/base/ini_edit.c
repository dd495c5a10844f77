/* SPDX-License-Identifier: Apache-2.0
 * Divides the text into lines as base/ini.c does, which has accepted the text already. */
#include "base/ini_edit.h"
#include "base/compose.h"
#include "base/ini.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

struct piece {
    const char *text;
    size_t length;
};

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct piece trim(struct piece s) {
    while (s.length && blank(s.text[0])) s.text++, s.length--;
    while (s.length && blank(s.text[s.length - 1])) s.length--;
    return s;
}

static bool same(struct piece s, const char *text) {
    return strlen(text) == s.length && !memcmp(s.text, text, s.length);
}

/* The same for what may be composed or not, a name or a value. */
static bool same_text(struct piece s, const char *text) {
    char line[INI_LINE + 1];
    if (same(s, text)) return true;
    if (s.length > INI_LINE) return false;
    memcpy(line, s.text, s.length);
    line[s.length] = '\0';
    return compose_same(line, text);
}

/* The line at `at`, its end included. */
static struct piece line_at(const struct ini_text *t, size_t at) {
    const char *from = t->bytes + at, *end = memchr(from, '\n', t->size - at);
    return (struct piece){from, end ? (size_t)(end - from) + 1 : t->size - at};
}

static struct piece content(const struct ini_text *t, struct piece line) {
    if (line.length && line.text[line.length - 1] == '\n') line.length--;
    if (line.text == t->bytes && line.length >= 3 && !memcmp(line.text, "\xEF\xBB\xBF", 3))
        line.text += 3, line.length -= 3;
    return trim(line);
}

static bool is_section(const struct ini_text *t, struct piece line) {
    struct piece s = content(t, line);
    return s.length && s.text[0] == '[';
}

/* [KIND NAME], or [KIND] without a name. */
static bool is_wanted(const struct ini_text *t, struct piece line, struct ini_name section) {
    struct piece s = content(t, line);
    size_t kind = strlen(section.kind);
    if (s.length < 2 || s.text[0] != '[') return false;
    s = trim((struct piece){s.text + 1, s.length - 2});
    if (s.length < kind || memcmp(s.text, section.kind, kind)) return false;
    if (s.length == kind) return !section.name;
    return section.name && blank(s.text[kind]) &&
           same_text(trim((struct piece){s.text + kind, s.length - kind}), section.name);
}

/* NAME = VALUE or NAME: VALUE. */
static bool is_key(const struct ini_text *t, struct piece line, const char *key, struct piece *value) {
    struct piece s = content(t, line);
    size_t name = 0;
    if (s.length && (s.text[0] == ';' || s.text[0] == '#')) return false;
    while (name < s.length && s.text[name] != '=' && s.text[name] != ':') name++;
    if (name == s.length || !same(trim((struct piece){s.text, name}), key)) return false;
    *value = trim((struct piece){s.text + name + 1, s.length - name - 1});
    return true;
}

/* Places of a section: the blank line before it, if there is one; its first byte; behind its last line with content;
 * behind all of it. */
struct place {
    size_t gap, begin, used, end;
};

static bool find(const struct ini_text *t, struct ini_name section, struct place *place) {
    bool found = false;
    for (size_t at = 0, gap = 0; at < t->size;) {
        struct piece line = line_at(t, at), s = content(t, line);
        if (found && is_section(t, line)) break;
        if (!found && is_wanted(t, line, section)) found = true, *place = (struct place){gap, at, at + line.length, at};
        gap = s.length ? at + line.length : at;
        at += line.length;
        if (found && s.length && s.text[0] != ';' && s.text[0] != '#') place->used = at;
        if (found) place->end = at;
    }
    return found;
}

/* ---- the new text ---- */

struct writer {
    char *bytes; /* with room for all that comes */
    size_t size;
    const char *line_end; /* as the old text's */
};

static void put(struct writer *w, const char *text, size_t length) {
    if (length) memcpy(w->bytes + w->size, text, length);
    w->size += length;
}

static void put_text(struct writer *w, const char *text) {
    put(w, text, strlen(text));
}

static void end_line(struct writer *w) {
    if (w->size && w->bytes[w->size - 1] != '\n') put_text(w, w->line_end);
}

static void put_value(struct writer *w, const char *key, const char *value) {
    end_line(w);
    put_text(w, key);
    put_text(w, " = ");
    put_text(w, value);
    put_text(w, w->line_end);
}

static int open_writer(struct writer *w, const struct ini_text *t, size_t more) {
    const char *end = t->size ? memchr(t->bytes, '\n', t->size) : NULL;
    *w = (struct writer){.bytes = malloc(t->size + more + 16),
                         .line_end = end && end > t->bytes && end[-1] == '\r' ? "\r\n" : "\n"};
    return w->bytes ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", t->name);
}

/* The section's lines with those of `key` as wanted; lines that are right already are copied. New ones
 * stand behind the last of the key, else behind all that the section says. */
static void copy_section(struct writer *writer, const struct ini_text *text, const struct place *place, const char *key,
                         const char *const *values, size_t count) {
    size_t seen = 0, last = place->used;
    struct piece value;
    for (size_t at = place->begin; at < place->end; at += line_at(text, at).length)
        if (is_key(text, line_at(text, at), key, &value)) last = at + line_at(text, at).length;
    for (size_t at = place->begin; at < place->end;) {
        struct piece line = line_at(text, at);
        bool ours = is_key(text, line, key, &value);
        if (!ours || (seen < count && same_text(value, values[seen])))
            put(writer, line.text, line.length);
        else if (seen < count)
            put_value(writer, key, values[seen]);
        seen += ours;
        at += line.length;
        if (at != last) continue;
        while (seen < count) put_value(writer, key, values[seen++]);
    }
}

static void add_section(struct writer *w, struct ini_name section) {
    end_line(w);
    if (w->size) put_text(w, w->line_end);
    put_text(w, "[");
    put_text(w, section.kind);
    if (section.name) put_text(w, " ");
    if (section.name) put_text(w, section.name);
    put_text(w, "]");
    put_text(w, w->line_end);
}

static int check_text(const char *what, const char *text) {
    size_t length = strlen(text);
    if (!length || blank(text[0]) || blank(text[length - 1]) || strpbrk(text, "\n"))
        return log_fail(OCELLI_ERR_USAGE, "%s \"%s\": write one line, not empty and without blanks at its ends", what,
                        text);
    return OCELLI_OK;
}

static int check_lines(const struct ini_lines *lines) {
    int status = check_text("key", lines->key);
    for (size_t i = 0; !status && i < lines->count; i++) status = check_text(lines->key, lines->values[i]);
    return status;
}

/* In `writer` the text with these lines. */
static int write_lines(struct writer *writer, const struct ini_text *text, struct ini_name section,
                       const struct ini_lines *lines) {
    struct place place = {0};
    size_t more = strlen(section.kind) + (section.name ? strlen(section.name) : 0) + 16;
    for (size_t i = 0; i < lines->count; i++) more += strlen(lines->key) + strlen(lines->values[i]) + 8;
    int status = open_writer(writer, text, more);
    if (status) return status;
    bool found = find(text, section, &place);
    put(writer, text->bytes, found ? place.begin : text->size);
    if (found) {
        copy_section(writer, text, &place, lines->key, lines->values, lines->count);
        put(writer, text->bytes + place.end, text->size - place.end);
    } else {
        add_section(writer, section);
        for (size_t i = 0; i < lines->count; i++) put_value(writer, lines->key, lines->values[i]);
    }
    return OCELLI_OK;
}

/* The blank line that parted it from what is above goes with it, if another does so or nothing follows. */
static size_t begin_to_remove(const struct ini_text *t, const struct place *place) {
    bool parted = place->used == t->size || !content(t, line_at(t, place->used)).length;
    return parted ? place->gap : place->begin;
}

int ini_edit_set(const struct ini_text *text, struct ini_name section, const struct ini_lines *lines, size_t count,
                 struct ini_text *edited) {
    int status = section.name ? check_text(section.kind, section.name) : OCELLI_OK;
    *edited = (struct ini_text){NULL, 0, text->name};
    for (size_t i = 0; !status && i < count; i++) {
        struct writer w;
        status = check_lines(&lines[i]);
        if (!status) status = write_lines(&w, i ? edited : text, section, &lines[i]);
        if (status) break;
        free(edited->bytes);
        edited->bytes = w.bytes, edited->size = w.size;
    }
    if (status) free(edited->bytes), edited->bytes = NULL;
    return status;
}

int ini_edit_remove(const struct ini_text *text, struct ini_name section, struct ini_text *edited) {
    struct writer w;
    struct place place;
    if (!find(text, section, &place))
        return log_fail(OCELLI_ERR_USAGE, "%s: there is no %s \"%s\"", text->name, section.kind,
                        section.name ? section.name : "");
    int status = open_writer(&w, text, 0);
    if (status) return status;
    put(&w, text->bytes, begin_to_remove(text, &place));
    put(&w, text->bytes + place.used, text->size - place.used);
    *edited = (struct ini_text){w.bytes, w.size, text->name};
    return OCELLI_OK;
}
