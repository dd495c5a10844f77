/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include "ssh_key.h"

#include <string.h>
#include <strings.h>

/* A key of a section: takes a value that is not empty, unless `empty`. */
struct key {
    const char *name;
    bool empty, again; /* may it be without value; may it stand again */
    void (*take)(struct board *board, const struct line *line, size_t number, struct diagnostics *report);
};

/* ---- [board] ---- */

/* RFC 1123: letters, digits and hyphens. */
static bool is_host(const char *name) {
    size_t length = strlen(name);
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return length && length <= BOARD_NAME && strspn(name, letters) == length && name[0] != '-' &&
           name[length - 1] != '-';
}

static void take_name(struct board *b, const struct line *line, size_t number, struct diagnostics *report) {
    if (is_host(line->value))
        b->name = line->value;
    else
        diagnostics_fault(
            report, number,
            "name = %s is no host name: write 1 to %d letters a to z, digits and hyphens, no hyphen at the "
            "ends; the name is \"ocelli\" until then",
            line->value, BOARD_NAME);
}

static void take_timezone(struct board *b, const struct line *line, size_t number, struct diagnostics *report) {
    (void)report;
    b->timezone = line->value, b->timezone_line = number;
}

/* ---- [wifi] ---- */

static struct board_network *network(struct board *b) {
    return &b->networks[b->network_count - 1];
}

static void take_network(struct board *b, const struct line *line, size_t number, struct diagnostics *report) {
    if (strlen(line->value) <= 32)
        network(b)->name = line->value;
    else
        diagnostics_fault(report, number,
                          "the Wi-Fi name has %zu bytes, and no network's name is over 32: write it as the "
                          "router shows it",
                          strlen(line->value));
}

static void take_wifi_password(struct board *b, const struct line *line, size_t number, struct diagnostics *report) {
    (void)report;
    network(b)->password = line->value, network(b)->password_line = number;
}

static void take_country(struct board *b, const struct line *line, size_t number, struct diagnostics *report) {
    const char *c = line->value;
    bool good = strlen(c) == 2 && (c[0] | 32) >= 'a' && (c[0] | 32) <= 'z' && (c[1] | 32) >= 'a' && (c[1] | 32) <= 'z';
    if (good)
        network(b)->country = c;
    else
        diagnostics_fault(report, number, "country = %s: write the two letters of your country, as in: country = DE",
                          c);
}

static void take_hidden(struct board *b, const struct line *line, size_t number, struct diagnostics *report) {
    bool yes = !strcasecmp(line->value, "yes");
    if (yes || !strcasecmp(line->value, "no"))
        network(b)->hidden = yes;
    else
        diagnostics_fault(report, number, "hidden = %s: write yes or no", line->value);
}

/* ---- [login] ---- */

static void take_ssh_key(struct board *b, const struct line *line, size_t number, struct diagnostics *report) {
    const char *wrong = ssh_key_fault(line->value);
    if (wrong)
        diagnostics_fault(report, number, "ssh_key %s", wrong);
    else if (b->key_count == BOARD_KEYS)
        diagnostics_fault(report, number, "more than %d ssh keys: this one is left out", BOARD_KEYS);
    else
        b->keys[b->key_count++] = line->value;
}

static void take_password(struct board *b, const struct line *line, size_t number, struct diagnostics *report) {
    (void)report;
    b->password = line->value, b->password_line = number;
}

/* ---- sections ---- */

static const struct key board_keys[] = {{"name", .take = take_name}, {"timezone", .take = take_timezone}, {NULL}};
static const struct key wifi_keys[] = {{"name", .take = take_network},
                                       {"password", .empty = true, .take = take_wifi_password},
                                       {"country", .take = take_country},
                                       {"hidden", .take = take_hidden},
                                       {NULL}};
static const struct key login_keys[] = {
    {"ssh_key", .again = true, .take = take_ssh_key}, {"password", .take = take_password}, {NULL}};

static const struct section {
    const char *name, *known;
    const struct key *keys;
} sections[] = {[LINES_BOARD] = {"board", "name and timezone", board_keys},
                [LINES_WIFI] = {"wifi", "name, password, country and hidden", wifi_keys},
                [LINES_LOGIN] = {"login", "ssh_key and password", login_keys}};

/* A network begins with a section's first line, however often [wifi] stands. */
static bool begin(struct board *b, const struct line *line, size_t number, struct diagnostics *report) {
    if (line->of != LINES_WIFI || !line->header) return true;
    if (b->network_count == BOARD_NETWORKS) {
        diagnostics_fault(report, number, "more than %d [wifi] sections: this one is left out", BOARD_NETWORKS);
        return false;
    }
    b->networks[b->network_count++] = (struct board_network){.line = number};
    return true;
}

/* Did the same key stand above, in the same section? For [board] and [login], wherever that goes on. */
static size_t above(const struct lines *lines, size_t i) {
    const struct line *line = &lines->list[i];
    for (size_t k = 0; k < i; k++) {
        const struct line *other = &lines->list[k];
        bool same = other->of == line->of && (line->of != LINES_WIFI || other->section == line->section);
        if (same && other->key && !strcasecmp(other->key, line->key)) return k + 1;
    }
    return 0;
}

static void take(struct board *b, const struct lines *lines, size_t i, struct diagnostics *report) {
    const struct line *line = &lines->list[i];
    const struct section *section = &sections[line->of];
    const struct key *key = section->keys;
    while (key->name && strcasecmp(key->name, line->key)) key++;
    size_t first = key->name && !key->again ? above(lines, i) : 0;
    if (!key->name)
        diagnostics_fault(report, i + 1, "\"%s\" is not known in [%s]: %s are; the line is left out", line->key,
                          section->name, section->known);
    else if (first)
        diagnostics_fault(report, i + 1, "%s again, first in line %zu: keep one; this one is left out", key->name,
                          first);
    else if (!*line->value && !key->empty)
        diagnostics_fault(report, i + 1, "%s of [%s] has no value: write one, or put a # before the line", key->name,
                          section->name);
    else
        key->take(b, line, i + 1, report);
}

void board_read(struct board *board, const struct lines *lines, struct diagnostics *report) {
    bool full = false;
    *board = (struct board){.name = NULL};
    for (size_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->list[i];
        if (line->of == LINES_DAEMON) continue;
        if (line->header) full = !begin(board, line, i + 1, report);
        bool comment = line->text[0] == '#' || line->text[0] == ';' || !line->text[0];
        if (line->header || comment || full) continue;
        if (line->key && *line->key)
            take(board, lines, i, report);
        else
            diagnostics_fault(report, i + 1, "expected NAME = VALUE; the line is left out");
    }
}
