/* SPDX-License-Identifier: Apache-2.0 */
#include "passwords.h"
#include "base/log.h"
#include "serve/password.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PLAIN_MOST = 255 }; /* bytes that the daemon reads of a password that is no hash */

static const struct kind {
    const char *section, *line; /* line: of the ini */
    bool hashed;
} kinds[] = {{"web", "password = web-password", true},
             {"mqtt", "password = mqtt-password", false},
             {"source", "password = source-password", false}};

/* ---- the page's hash ---- */

static bool is_hash(const char *value) {
    return !strncmp(value, "scrypt ", 7);
}

/* The file of the start before, if it still fits: each hash of a password is another one, and the card is not written
 * for nothing. */
static bool fits(const struct place *place, const char *path, const char *value, struct password *kept) {
    size_t size;
    const char *text = place_read(place, path, &size);
    return text && password_parse(kept, text, size) && password_is(kept, value, strlen(value));
}

/* In the arena; NULL: *status is set. */
static char *hash(const struct place *place, const char *path, const char *value, int *status) {
    struct password password;
    char line[PASSWORD_LINE];
    bool known = is_hash(value) ? password_parse(&password, value, strlen(value)) : fits(place, path, value, &password);
    *status = known ? OCELLI_OK : password_make(&password, value, strlen(value));
    if (*status) return NULL;
    password_write(&password, line);
    char *text = arena_copy(place->arena, line, strlen(line));
    if (!text) *status = log_fail(OCELLI_ERR_MEMORY, "out of memory");
    return text;
}

/* ---- one of them ---- */

/* NULL: none. */
static const char *fault_of(const struct kind *k, const char *value) {
    struct password password;
    size_t size = strlen(value);
    if (!size) return "has no value: write one, or put a # before the line";
    if (k->hashed && is_hash(value) && !password_parse(&password, value, size))
        return "begins with \"scrypt \", so it is taken for the line that `ocelli password` writes, and it is none; "
               "the line is left out";
    if (k->hashed && !is_hash(value) && (size < PASSWORD_LEAST || size > PASSWORD_MOST))
        return "has to have 8 to 256 characters; the line is left out";
    return !k->hashed && size > PLAIN_MOST ? "has more than 255 characters; the line is left out" : NULL;
}

/* The first good one; NULL: none. Each line names the file in the place of what is secret. The daemon's check tells of
 * a second one. */
static const struct line *take(struct daemon_ini *ini, const struct kind *k) {
    const struct line *first = NULL;
    for (size_t i = 0; i < ini->lines->count; i++) {
        struct line *line = &ini->lines->list[i];
        if (line->out || !lines_is(line, k->section, "password")) continue;
        line->value = lines_unquote(line->value);
        const char *wrong = fault_of(k, line->value);
        line->instead = k->line;
        line->out = wrong != NULL;
        if (wrong) diagnostics_fault(ini->report, i + 1, "the password of [%s] %s", k->section, wrong);
        if (!wrong && !first) first = line;
    }
    return first;
}

/* *good: there is one. */
static int put(struct daemon_ini *ini, const struct kind *k, bool *good) {
    const struct place plain = {.root = "", .arena = ini->place->arena};
    const char *shown = place_shown(ini->place, ini->path), *slash = strrchr(shown, '/');
    const char *path = place_path(ini->place, "%.*s/%s-password", (int)(slash - shown), shown, k->section);
    const struct line *line = take(ini, k);
    int status = path ? OCELLI_OK : OCELLI_ERR_MEMORY;
    *good = line != NULL;
    if (!status && !line) unlink(path);
    if (status || !line) return status;
    const char *text =
        k->hashed ? hash(ini->place, path, line->value, &status) : place_path(&plain, "%s\n", line->value);
    if (!text) return status ? status : OCELLI_ERR_MEMORY;
    return place_save(ini->place, path, text, 0600, true);
}

/* Without a password the daemon serves the page to its own machine alone, and nobody sits at a board. */
static void check_page(const struct daemon_ini *ini) {
    for (size_t i = 0; i < ini->lines->count; i++) {
        const struct line *line = &ini->lines->list[i];
        if (!line->out && lines_is(line, "web", "port") && strcmp(line->value, "0"))
            diagnostics_fault(ini->report, i + 1,
                              "nobody but the board itself can open the page: write a password = of 8 or more "
                              "characters under [web]");
    }
}

int passwords_put(struct daemon_ini *ini) {
    int status = OCELLI_OK;
    bool good[3] = {false};
    for (size_t k = 0; !status && k < sizeof kinds / sizeof *kinds; k++) status = put(ini, &kinds[k], &good[k]);
    if (status) return status;
    if (good[0])
        daemon_ini_default(ini, "web", "port", "8080", false);
    else
        check_page(ini);
    return OCELLI_OK;
}
