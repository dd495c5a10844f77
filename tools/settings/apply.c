/* SPDX-License-Identifier: Apache-2.0 */
#include "apply.h"
#include "base/log.h"
#include "board.h"
#include "card.h"
#include "daemon_ini.h"
#include "keys.h"
#include "kept_ini.h"
#include "model.h"
#include "passwords.h"
#include "state_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct work {
    struct arena arena;
    struct place place;
    struct diagnostics report;
    struct lines lines;
    struct board board;
    struct daemon_ini ini;
    struct model model;
    const char *state; /* folder of state, below the root */
    bool given;        /* there is a settings file */
};

/* ---- /run/ocelli-board ---- */

/* text NULL: no such file. */
static int put(struct work *w, const char *name, const char *text, mode_t mode) {
    const char *path = place_path(&w->place, PLACE_RUN "/%s", name);
    if (!path) return OCELLI_ERR_MEMORY;
    if (text) return place_save(&w->place, path, text, mode, false);
    if (unlink(path) && errno != ENOENT) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    return OCELLI_OK;
}

static int put_line(struct work *w, const char *name, const char *line) {
    const char *text = place_path(&(struct place){.root = "", .arena = &w->arena}, "%s\n", line);
    return text ? put(w, name, text, 0644) : OCELLI_ERR_MEMORY;
}

static bool is_timezone(struct work *w, const char *name) {
    char magic[4];
    if (strstr(name, "..") || name[0] == '/' || !*name) return false;
    const char *path = place_path(&w->place, "/usr/share/zoneinfo/%s", name);
    FILE *file = path ? fopen(path, "re") : NULL;
    bool is = file && fread(magic, 1, sizeof magic, file) == sizeof magic && !memcmp(magic, "TZif", sizeof magic);
    if (file) fclose(file);
    return is; /* zone.tab beside them is none */
}

/* A link NAME to FOLDER/FILE, relative so that it holds below any root. */
static int put_link(struct work *w, const char *name, const char *folder, const char *file) {
    char *target = place_path(&(struct place){.root = "../..", .arena = &w->arena}, "%s/%s", folder, file);
    char *path = place_path(&w->place, PLACE_RUN "/%s", name),
         *aside = place_path(&w->place, PLACE_RUN "/%s.tmp", name);
    if (!target || !path || !aside) return OCELLI_ERR_MEMORY;
    unlink(aside);
    if (symlink(target, aside) || rename(aside, path))
        return log_fail(OCELLI_ERR_FILE, "%s: this link cannot be made: %s", path, strerror(errno));
    return OCELLI_OK;
}

static int put_timezone(struct work *w) {
    const char *zone = w->board.timezone;
    if (zone && !is_timezone(w, zone)) {
        diagnostics_fault(&w->report, w->board.timezone_line,
                          "timezone = %s is not known: write one as Europe/Berlin; times are UTC until then", zone);
        zone = NULL;
    }
    if (!zone) zone = "Etc/UTC";
    int status = put_line(w, "timezone", zone);
    return status ? status : put_link(w, "localtime", "/usr/share/zoneinfo", zone);
}

static int put_keys(struct work *w) {
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    for (size_t i = 0; i < w->board.key_count; i++) fprintf(to, "%s\n", w->board.keys[i]);
    if (fclose(to)) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    bool any = w->board.key_count > 0;
    int status = put(w, "authorized_keys", any ? text : NULL, 0644);
    if (!status) status = put(w, "ssh-wanted", any ? "yes\n" : NULL, 0644);
    free(text);
    return status;
}

/* Its group stays what it is: programs that check passwords are of it. */
static int put_shadow(struct work *w) {
    const char *of = place_path(&w->place, "/etc/shadow"), *path = place_path(&w->place, PLACE_RUN "/shadow");
    size_t size;
    struct stat st;
    if (!of || !path) return OCELLI_ERR_MEMORY;
    const char *text = place_read(&w->place, of, &size);
    if (!text) diagnostics_fault(&w->report, 0, "%s cannot be read: nobody can log in", place_shown(&w->place, of));
    text = board_shadow(&w->board, text ? text : "", &w->arena, &w->report);
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = put(w, "shadow", text, 0640);
    if (!status && geteuid() == 0 && !stat(of, &st) && chown(path, 0, st.st_gid))
        status = log_fail(OCELLI_ERR_FILE, "%s: cannot set its group: %s", path, strerror(errno));
    return status;
}

static int put_board(struct work *w) {
    int status = put_line(w, "hostname", w->board.name ? w->board.name : "ocelli");
    if (!status) status = put_timezone(w);
    if (!status) status = put(w, "wpa_supplicant.conf", board_wpa(&w->board, &w->arena, &w->report), 0600);
    if (!status) status = put_keys(w);
    return status ? status : put_shadow(w);
}

/* ---- the daemon's ---- */

static void choose_model(struct work *w) {
    const char *good = place_path(&w->place, "%s/ocelli/model.good", w->state);
    model_choose(&w->model, &w->place, w->ini.model_wish, w->ini.model_line, good, &w->report);
    w->ini.model = w->model.path ? &w->model.handle : NULL;
}

static int put_model(struct work *w) {
    if (!w->model.path) return put(w, "model.gguf", NULL, 0);
    return put_link(w, "model.gguf", "", place_shown(&w->place, w->model.path) + 1);
}

static void add_defaults(struct work *w) {
    struct daemon_ini *ini = &w->ini;
    size_t size;
    static const char *const base[][3] = {
        {"source", "uri", "camera:"}, {"serve", "udp", "5690"}, {"serve", "coap", "5683"}};
    for (size_t i = 0; i < sizeof base / sizeof *base; i++)
        daemon_ini_default(ini, base[i][0], base[i][1], base[i][2], false);
    const char *path = place_path(&w->place, PLACE_SHARE "/boards/%s/ocelli.ini", ini->board);
    const char *text = path ? place_read(&w->place, path, &size) : NULL;
    if (text) daemon_ini_defaults(ini, text, path);
    daemon_ini_default(ini, "run", "model", PLACE_MODEL, true);
    daemon_ini_default(ini, "run", "state", "/var/lib/ocelli", true);
    daemon_ini_default(ini, "run", "faults", PLACE_FAULTS, true);
}

static int put_ini(struct work *w) {
    const char *plain = NULL;
    w->ini.path = place_path(&w->place, "%s/ocelli/etc/ocelli.ini", w->state);
    if (!w->ini.path) return OCELLI_ERR_MEMORY;
    int status = w->given ? keys_put(&w->ini) : OCELLI_OK; /* else the ini that stays needs the keys of before */
    if (!status && w->given) status = passwords_put(&w->ini);
    const char *text = status ? NULL : daemon_ini_make(&w->ini);
    if (!w->given) plain = text, text = NULL;
    if (!status && !text && !plain) status = log_fail(OCELLI_ERR_MEMORY, "out of memory");
    return status ? status : kept_ini_update(&w->place, w->ini.path, text, plain, w->ini.model, &w->report);
}

/* On a state partition that is full the ini from before goes on; without one the memory has to do. */
static int put_daemon(struct work *w) {
    size_t size;
    int status = put_ini(w);
    if (status != OCELLI_ERR_FILE || state_folder_is_memory(w->state)) return status;
    const char *why = place_shown(&w->place, w->place.why);
    if (place_read(&w->place, w->ini.path, &size)) {
        diagnostics_fault(&w->report, 0, "the state partition cannot be written, so the settings of before go on: %s",
                          why);
        return OCELLI_OK;
    }
    w->state = state_folder_memory(&w->place, why, &w->report);
    return w->state ? put_ini(w) : OCELLI_ERR_FILE;
}

/* ---- all of it ---- */

static int read_settings(struct work *w) {
    char *text = card_settings(&w->place, &w->report);
    w->given = text != NULL;
    if (!text) text = arena_copy(&w->arena, "", 0);
    if (!text || !lines_split(&w->lines, &w->arena, text, &w->report))
        return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    board_read(&w->board, &w->lines, &w->report);
    w->ini = (struct daemon_ini){.place = &w->place, .lines = &w->lines, .report = &w->report};
    w->ini.board = card_board(&w->place);
    daemon_ini_take(&w->ini);
    add_defaults(w);
    return OCELLI_OK;
}

static void tell_update(struct work *w) {
    const char *failed = place_first_line(&w->place, PLACE_UPDATE_FAILED);
    if (failed) diagnostics_fault(&w->report, 0, "%s", failed);
}

/* To the journal too. */
static int put_faults(struct work *w) {
    char *text = diagnostics_lines(&w->report);
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    fputs(text, stderr);
    int status = put(w, "faults", text, 0644);
    free(text);
    return status;
}

int apply(const char *root, const char *state_missing) {
    struct work w = {.state = NULL};
    place_init(&w.place, root, &w.arena);
    const char *run = place_path(&w.place, PLACE_RUN);
    int status = run ? place_folder(&w.place, run, false) : OCELLI_ERR_MEMORY;
    if (!status) status = read_settings(&w);
    if (!status) status = put_board(&w);
    if (!status) w.state = state_folder(&w.place, state_missing, &w.report);
    if (!status && !w.state) status = OCELLI_ERR_FILE;
    if (!status) choose_model(&w);
    if (!status) status = put_daemon(&w);
    if (!status) tell_update(&w);
    if (!status) status = put_model(&w);
    if (!status) status = put_line(&w, "state-path", w.state);
    int told = run ? put_faults(&w) : OCELLI_OK;
    model_finish(&w.model);
    diagnostics_finish(&w.report);
    arena_finish(&w.arena);
    return status ? status : told;
}
