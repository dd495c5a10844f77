/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include <string.h>
#include <strings.h>

static char *trim(char *text) {
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
    text[length] = '\0';
    return text;
}

/* The section's word, in any case: people write [WiFi]. [wifi home] and all that is not of the board is judged by the
 * daemon's reader. */
static enum lines_section section_of(const char *header) {
    static const char *const names[] = {[LINES_BOARD] = "board", [LINES_WIFI] = "wifi", [LINES_LOGIN] = "login"};
    size_t length = strlen(header);
    if (header[length - 1] != ']') return LINES_DAEMON;
    header++, length -= 2;
    while (length && *header == ' ') header++, length--;
    while (length && header[length - 1] == ' ') length--;
    for (enum lines_section s = LINES_BOARD; s <= LINES_LOGIN; s++)
        if (strlen(names[s]) == length && !strncasecmp(header, names[s], length)) return s;
    return LINES_DAEMON;
}

/* Length of a curly quote at `text`: ' " in their opening, closing and low forms, and guillemets; 0: none. */
static size_t curly(const char *text) {
    static const char *const quotes[] = {"‘", "’", "‚", "“", "”", "„", "«", "»"};
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
        if (!strncmp(text, quotes[i], strlen(quotes[i]))) return strlen(quotes[i]);
    return 0;
}

/* Of those at the end. */
static size_t curly_end(const char *text) {
    size_t length = strlen(text);
    for (size_t n = 2; n <= 3 && n <= length; n++)
        if (curly(text + length - n) == n) return n;
    return 0;
}

static char *unquote(char *value, size_t line, struct diagnostics *report) {
    size_t first = curly(value), last = curly_end(value);
    if (!first || !last || first + last >= strlen(value)) return value;
    diagnostics_note(report, line, "the curly quotes around the value are taken off: write it without quotes");
    value[strlen(value) - last] = '\0';
    return trim(value + first);
}

char *lines_unquote(char *value) {
    size_t length = strlen(value);
    if (length < 2 || value[0] != '"' || value[length - 1] != '"') return value;
    value[length - 1] = '\0';
    return value + 1;
}

static bool split_value(struct line *line, struct arena *arena, size_t number, struct diagnostics *report) {
    char *copy = arena_copy(arena, line->text, strlen(line->text)), *at = copy ? strpbrk(copy, "=:") : NULL;
    if (!copy) return false;
    if (!at) return true;
    *at = '\0';
    line->key = trim(copy);
    char *value = trim(at + 1);
    line->value = unquote(value, number, report);
    if (line->of != LINES_DAEMON) line->value = lines_unquote(line->value);
    if (line->value == value || line->of != LINES_DAEMON) return true;
    size_t capacity = strlen(line->key) + strlen(line->value) + sizeof " = ";
    char *instead = arena_alloc(arena, capacity, 1);
    if (!instead) return false;
    strcpy(instead, line->key), strcat(instead, " = "), strcat(instead, line->value);
    line->instead = instead;
    return true;
}

bool lines_split(struct lines *lines, struct arena *arena, char *text, struct diagnostics *report) {
    size_t count = 1;
    for (const char *c = text; *c; c++) count += *c == '\n';
    *lines = (struct lines){arena_alloc(arena, count, sizeof *lines->list), count};
    enum lines_section of = LINES_DAEMON;
    size_t section = 0;
    const char *name = "";
    for (size_t i = 0; lines->list && i < count; i++) {
        struct line *line = &lines->list[i];
        char *end = strchr(text, '\n');
        if (end) *end = '\0';
        line->text = trim(text);
        line->header = line->text[0] == '[';
        if (line->header) of = section_of(line->text), name = line->text, section++;
        line->of = of, line->section = section, line->name = name, line->out = of != LINES_DAEMON;
        bool comment = line->text[0] == '#' || line->text[0] == ';';
        if (!line->header && !comment && !split_value(line, arena, i + 1, report)) return false;
        text = end ? end + 1 : text + strlen(text);
    }
    return lines->list != NULL;
}

bool lines_is(const struct line *line, const char *section, const char *key) {
    size_t length = strlen(section);
    const char *name = line->name[0] ? line->name + 1 : "";
    name += strspn(name, " \t");
    bool in = !strncmp(name, section, length) && (name[length] == ']' || name[length] == ' ' || name[length] == '\t');
    return in && line->key && !line->header && !strcmp(line->key, key);
}
