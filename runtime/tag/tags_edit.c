/* SPDX-License-Identifier: Apache-2.0
 * Divides the text into lines as base/ini.c does, which has accepted the text already. */
#include "tag/tags_edit.h"
#include "base/compose.h"
#include "base/file.h"
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
static struct piece line_at(const struct tags_text *t, size_t at) {
    const char *from = t->bytes + at, *end = memchr(from, '\n', t->size - at);
    return (struct piece){from, end ? (size_t)(end - from) + 1 : t->size - at};
}

static struct piece content(const struct tags_text *t, struct piece line) {
    if (line.length && line.text[line.length - 1] == '\n') line.length--;
    if (line.text == t->bytes && line.length >= 3 && !memcmp(line.text, "\xEF\xBB\xBF", 3))
        line.text += 3, line.length -= 3;
    return trim(line);
}

static bool is_section(const struct tags_text *t, struct piece line) {
    struct piece s = content(t, line);
    return s.length && s.text[0] == '[';
}

static bool is_tag(const struct tags_text *t, struct piece line, const char *tag) {
    struct piece s = content(t, line);
    if (s.length < 2 || s.text[0] != '[') return false;
    s = trim((struct piece){s.text + 1, s.length - 2});
    return s.length > 4 && !memcmp(s.text, "tag", 3) && blank(s.text[3]) &&
           same_text(trim((struct piece){s.text + 4, s.length - 4}), tag);
}

/* NAME = VALUE or NAME: VALUE. */
static bool is_key(const struct tags_text *t, struct piece line, const char *key, struct piece *value) {
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

static bool find_tag(const struct tags_text *t, const char *tag, struct place *place) {
    bool found = false;
    for (size_t at = 0, gap = 0; at < t->size;) {
        struct piece line = line_at(t, at), s = content(t, line);
        if (found && is_section(t, line)) break;
        if (!found && is_tag(t, line, tag)) found = true, *place = (struct place){gap, at, at + line.length, at};
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

static int open_writer(struct writer *w, const struct tags_text *t, size_t more) {
    const char *end = t->size ? memchr(t->bytes, '\n', t->size) : NULL;
    *w = (struct writer){.bytes = malloc(t->size + more + 16),
                         .line_end = end && end > t->bytes && end[-1] == '\r' ? "\r\n" : "\n"};
    return w->bytes ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", t->name);
}

/* The section's lines with those of `key` as wanted; lines that are right already are copied. New ones
 * stand behind the last of the key, else behind all that the section says. */
static void copy_section(struct writer *writer, const struct tags_text *text, const struct place *place,
                         const char *key, const char *const *values, size_t count) {
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

static void add_section(struct writer *w, const char *tag) {
    end_line(w);
    if (w->size) put_text(w, w->line_end);
    put_text(w, "[tag ");
    put_text(w, tag);
    put_text(w, "]");
    put_text(w, w->line_end);
}

/* Parses it; a good one takes the old one's place. */
static int replace(struct tags_text *t, char *bytes, size_t size) {
    struct tags_file file;
    int status = tags_file_parse(&file, bytes, size, t->name, t->options);
    tags_file_finish(&file);
    if (status) {
        free(bytes);
        return status;
    }
    free(t->bytes);
    t->bytes = bytes;
    t->size = size;
    return OCELLI_OK;
}

static int check_text(const char *what, const char *text) {
    size_t length = strlen(text);
    if (!length || blank(text[0]) || blank(text[length - 1]) || strpbrk(text, "\n"))
        return log_fail(OCELLI_ERR_USAGE, "%s \"%s\": write one line, not empty and without blanks at its ends", what,
                        text);
    return OCELLI_OK;
}

static int check_lines(const struct tags_lines *lines) {
    int status = check_text("key", lines->key);
    for (size_t i = 0; !status && i < lines->count; i++) status = check_text(lines->key, lines->values[i]);
    return status;
}

/* In `writer` the text with these lines, not parsed yet. */
static int write_lines(struct writer *writer, const struct tags_text *text, const char *tag,
                       const struct tags_lines *lines) {
    struct place place = {0};
    size_t more = strlen(tag) + 16;
    for (size_t i = 0; i < lines->count; i++) more += strlen(lines->key) + strlen(lines->values[i]) + 8;
    int status = open_writer(writer, text, more);
    if (status) return status;
    bool found = find_tag(text, tag, &place);
    put(writer, text->bytes, found ? place.begin : text->size);
    if (found) {
        copy_section(writer, text, &place, lines->key, lines->values, lines->count);
        put(writer, text->bytes + place.end, text->size - place.end);
    } else {
        add_section(writer, tag);
        for (size_t i = 0; i < lines->count; i++) put_value(writer, lines->key, lines->values[i]);
    }
    return OCELLI_OK;
}

/* Parsed once only: of two thresholds the first alone may be no good beside the old second. */
int tags_edit_set(struct tags_text *text, const char *tag, const struct tags_lines *lines, size_t count) {
    struct tags_text edited = *text;
    int status = check_text("tag", tag);
    for (size_t i = 0; !status && i < count; i++) {
        struct writer w;
        status = check_lines(&lines[i]);
        if (!status) status = write_lines(&w, &edited, tag, &lines[i]);
        if (status) break;
        if (i) free(edited.bytes);
        edited.bytes = w.bytes, edited.size = w.size;
    }
    if (!status && edited.bytes != text->bytes) return replace(text, edited.bytes, edited.size);
    if (edited.bytes != text->bytes) free(edited.bytes);
    return status;
}

/* The blank line that parted it from what is above goes with it, if another does so or nothing follows. */
static size_t begin_to_remove(const struct tags_text *t, const struct place *place) {
    bool parted = place->used == t->size || !content(t, line_at(t, place->used)).length;
    return parted ? place->gap : place->begin;
}

int tags_edit_remove(struct tags_text *text, const char *tag) {
    struct writer w;
    struct place place;
    if (!find_tag(text, tag, &place)) return log_fail(OCELLI_ERR_USAGE, "%s: there is no tag \"%s\"", text->name, tag);
    int status = open_writer(&w, text, 0);
    if (status) return status;
    put(&w, text->bytes, begin_to_remove(text, &place));
    put(&w, text->bytes + place.used, text->size - place.used);
    return replace(text, w.bytes, w.size);
}

int tags_edit_write(const struct tags_text *text, const char *path) {
    return file_save(path, text->bytes, text->size);
}
