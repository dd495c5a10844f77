/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon_ini.h"
#include "base/ini.h"
#include "base/log.h"
#include "blob/blob.h"
#include "daemon_ini_check.h"
#include "handle.h"
#include "policy/policy_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOKS = 20 }; /* at the whole; each leaves out all that it finds */

/* ---- what the settings file tells the board, in sections of the daemon ---- */

static void leave_out(struct daemon_ini *ini, size_t i, const char *why) {
    ini->lines->list[i].out = true;
    if (why)
        diagnostics_fault(ini->report, i + 1, "%s = %s: %s", ini->lines->list[i].key, ini->lines->list[i].value, why);
}

static void take_key(struct daemon_ini *ini, size_t i) {
    leave_out(ini, i, NULL);
    if (ini->key_count == DAEMON_INI_KEYS) {
        diagnostics_fault(ini->report, i + 1, "more than %d keys: this one is left out", DAEMON_INI_KEYS);
        return;
    }
    ini->keys[ini->key_count] = ini->lines->list[i].value;
    ini->key_lines[ini->key_count++] = i + 1;
}

static void take_model(struct daemon_ini *ini, size_t i) {
    const char *value = ini->lines->list[i].value;
    leave_out(ini, i, NULL);
    if (ini->model_wish)
        diagnostics_fault(ini->report, i + 1, "model again, first in line %zu: keep one; this one is left out",
                          ini->model_line);
    else if (!*value)
        diagnostics_fault(ini->report, i + 1, "model has no value: write the name of a file in the folder models");
    else
        ini->model_wish = value, ini->model_line = i + 1;
}

/* The name of a file counts from the card's first folder. false: no name, or no memory. */
static bool take_file(struct daemon_ini *ini, size_t i) {
    struct line *line = &ini->lines->list[i];
    const char *slash = line->value[0] == '/' ? "" : PLACE_BOOT "/";
    size_t capacity = strlen(line->text) + sizeof " = " PLACE_BOOT "/" + strlen(ini->place->root);
    char *instead = arena_alloc(ini->place->arena, capacity, 1), *checked = arena_alloc(ini->place->arena, capacity, 1);
    if (!instead || !checked || !*line->value) return false;
    snprintf(instead, capacity, "%s = %s%s", line->key, slash, line->value);
    snprintf(checked, capacity, "%s = %s%s%s", line->key, ini->place->root, slash, line->value);
    line->instead = instead, line->checked = checked;
    return true;
}

/* false: `why` (LOG_LINE) tells what is wrong. */
static bool is_policy(const struct daemon_ini *ini, const char *path, char *why) {
    struct policy_file file;
    log_hold(why, LOG_LINE);
    int status = policy_file_read(&file, path, NULL);
    if (!status) status = policy_file_ready(&file, ini->model ? blob_key(ini->model->blob) : NULL, NULL);
    log_release();
    policy_file_finish(&file);
    return !status;
}

static const char *file_of(const struct line *line) {
    return line->checked + strlen(line->key) + 3;
}

/* One without which the daemon would not start. */
static void take_needed_file(struct daemon_ini *ini, size_t i) {
    if (take_file(ini, i) && access(file_of(&ini->lines->list[i]), R_OK))
        leave_out(ini, i, "there is no such file: copy it beside " DIAGNOSTICS_FILE "; the line is left out");
}

/* When the model is known: a threshold that another one has learnt stops the daemon. */
static void check_policies(struct daemon_ini *ini) {
    char why[LOG_LINE];
    for (size_t i = 0; i < ini->lines->count; i++) {
        const struct line *line = &ini->lines->list[i];
        if (!line->out && line->checked && lines_is(line, "moderation", "policy") &&
            !is_policy(ini, file_of(line), why))
            leave_out(ini, i, place_shown(ini->place, why));
    }
}

/* With the name of a device that is not there the daemon would not start. */
static bool is_device(const char *value) {
    return !strcmp(value, "auto") || !strcmp(value, "gpu") || !strcmp(value, "cpu");
}

void daemon_ini_take(struct daemon_ini *ini) {
    for (size_t i = 0; i < ini->lines->count; i++) {
        const struct line *line = &ini->lines->list[i];
        if (line->out || !line->key) continue;
        if (lines_is(line, "serve", "key")) take_key(ini, i);
        if (lines_is(line, "run", "model")) take_model(ini, i);
        if (lines_is(line, "tag", "example")) take_file(ini, i);
        if (lines_is(line, "mqtt", "ca") || lines_is(line, "source", "ca") || lines_is(line, "moderation", "policy"))
            take_needed_file(ini, i);
        if (lines_is(line, "web", "certificate") || lines_is(line, "web", "key"))
            leave_out(ini, i, "on a board write https = yes: it makes a certificate of its own; the line is left out");
        if (lines_is(line, "serve", "psk"))
            leave_out(ini, i, "on a board write the key itself, as in: key = phone:0123456789abcdef0123456789abcdef");
        if (lines_is(line, "run", "state"))
            leave_out(ini, i, "on a board what was learnt lies on its state partition; the line is left out");
        if (lines_is(line, "run", "device") && !is_device(line->value))
            leave_out(ini, i, "on a board write auto, gpu or cpu; the line is left out");
        if (lines_is(line, "run", "faults")) leave_out(ini, i, "the board gives this itself; the line is left out");
    }
}

/* ---- defaults ---- */

void daemon_ini_default(struct daemon_ini *ini, const char *section, const char *key, const char *value, bool fixed) {
    size_t i = 0;
    while (i < ini->default_count && (strcmp(ini->defaults[i].section, section) || strcmp(ini->defaults[i].key, key)))
        i++;
    if (i == DAEMON_INI_DEFAULTS) return;
    struct daemon_ini_default *d = &ini->defaults[i];
    const char *copies[3] = {section, key, value};
    for (int k = 0; k < 3; k++) copies[k] = arena_copy(ini->place->arena, copies[k], strlen(copies[k]));
    if (!copies[0] || !copies[1] || !copies[2] || d->fixed) return;
    *d = (struct daemon_ini_default){copies[0], copies[1], copies[2], fixed, false};
    if (i == ini->default_count) ini->default_count++;
}

struct section {
    struct daemon_ini *ini;
    const char *name;
};

static int take_default(void *user, const struct ini_place *at, const char *key, const char *value) {
    struct section *s = user;
    (void)at;
    daemon_ini_default(s->ini, s->name, key, value, false);
    return OCELLI_OK;
}

/* Tags of a board's file are examples, and not what this board looks for. */
static int pass_over(void *user, const struct ini_place *at, const char *key, const char *value) {
    (void)user, (void)at, (void)key, (void)value;
    return OCELLI_OK;
}

void daemon_ini_defaults(struct daemon_ini *ini, const char *text, const char *name) {
    struct section run = {ini, "run"}, source = {ini, "source"}, serve = {ini, "serve"}, memory = {ini, "memory"},
                   moderation = {ini, "moderation"};
    const struct ini_section sections[] = {
        {.name = "run", .user = &run, .value = take_default},
        {.name = "source", .user = &source, .value = take_default},
        {.name = "serve", .user = &serve, .value = take_default},
        {.name = "memory", .user = &memory, .value = take_default},
        {.name = "moderation", .user = &moderation, .value = take_default},
        {.name = "templates", .value = pass_over},
        {.name = "defaults", .value = pass_over},
        {.name = "tag", .named = true, .value = pass_over},
    };
    const struct ini_table table = {sections, sizeof sections / sizeof *sections, NULL};
    struct faults faults = {0};
    ini_read(text, strlen(text), name, &table, &faults);
}

/* Does a line of the settings file that counts give this key? */
static bool given(const struct daemon_ini *ini, const struct daemon_ini_default *d) {
    for (size_t i = 0; i < ini->lines->count; i++) {
        const struct line *line = &ini->lines->list[i];
        if (!line->out && lines_is(line, d->section, d->key)) return true;
    }
    return false;
}

/* ---- the text ---- */

static void put_lines(const struct daemon_ini *ini, bool checked, FILE *to) {
    for (size_t i = 0; i < ini->lines->count; i++) {
        const struct line *line = &ini->lines->list[i];
        const char *text = line->instead ? line->instead : line->text;
        if (checked && line->checked) text = line->checked;
        fprintf(to, "%s\n", line->out ? "#" : text); /* a line that is out may hold a secret */
    }
}

static void put_defaults(const struct daemon_ini *ini, const char *section, FILE *to) {
    bool any = false;
    for (size_t i = 0; i < ini->default_count; i++) {
        const struct daemon_ini_default *d = &ini->defaults[i];
        if (d->out || strcmp(d->section, section) || given(ini, d)) continue;
        if (!any) fprintf(to, "[%s]\n", section);
        fprintf(to, "%s = %s\n", d->key, d->value);
        any = true;
    }
}

static char *compose(const struct daemon_ini *ini, bool checked) {
    static const char *const sections[] = {"run", "source", "serve", "web", "memory", "moderation"};
    char *text = NULL, *kept = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to) return NULL;
    put_lines(ini, checked, to);
    fprintf(to, "# Above: the lines of " DIAGNOSTICS_FILE " with their numbers. Below: what the board \"%s\" adds.\n",
            ini->board);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) put_defaults(ini, sections[i], to);
    if (fclose(to) == 0) kept = arena_copy(ini->place->arena, text, size);
    free(text);
    return kept;
}

/* ---- leaving out ---- */

/* With a section's header all of it goes: its lines would belong to the section before. */
static void leave_out_section(struct daemon_ini *ini, size_t section) {
    for (size_t i = 0; i < ini->lines->count; i++)
        if (ini->lines->list[i].section == section) ini->lines->list[i].out = true;
}

/* false: it is out already, or no line of the settings file. */
static bool leave_out_line(struct daemon_ini *ini, size_t number, const char *text) {
    if (number == 0 || number > ini->lines->count || ini->lines->list[number - 1].out) return false;
    struct line *line = &ini->lines->list[number - 1];
    bool unknown = strstr(text, "unknown section") != NULL;
    diagnostics_fault(ini->report, number, "%s%s; %s", text,
                      unknown ? "; the board's own are [board], [wifi] and [login]" : "",
                      line->header ? "the whole section is left out" : "the line is left out");
    if (line->header)
        leave_out_section(ini, line->section);
    else
        line->out = true;
    return true;
}

/* false: all of them are out already. */
static bool leave_out_from(struct daemon_ini *ini, size_t first) {
    bool any = false;
    for (size_t i = first; i < ini->lines->count; i++) {
        any |= !ini->lines->list[i].out;
        ini->lines->list[i].out = true;
    }
    return any;
}

/* Faults that show one at a time, as those of too many tags, would take minutes: the first one ends the file. */
static bool leave_out_rest(struct daemon_ini *ini, size_t number, const char *text) {
    bool any = leave_out_from(ini, number ? number - 1 : 0);
    if (any) diagnostics_fault(ini->report, number, "%s; from here on the daemon's sections are left out", text);
    return any;
}

/* A default that the daemon refuses on this board: by its name in the message, as it stands at no line that people
 * see. */
static bool leave_out_default(struct daemon_ini *ini, const char *text) {
    for (size_t i = 0; i < ini->default_count; i++) {
        struct daemon_ini_default *d = &ini->defaults[i];
        if (d->out || d->fixed || given(ini, d) || !strstr(text, d->key)) continue;
        diagnostics_fault(ini->report, 0, "the board's default %s = %s is left out: %s", d->key, d->value, text);
        return d->out = true;
    }
    return false;
}

/* When no single line can be blamed, the board runs with its defaults alone. */
static bool leave_out_all(struct daemon_ini *ini, const char *text) {
    bool any = leave_out_from(ini, 0);
    if (any)
        diagnostics_fault(ini->report, 0, DIAGNOSTICS_FILE ": none of its tags and settings of the daemon is used: %s",
                          text);
    return any;
}

/* One look at the whole: leaves out all that it finds. false: the daemon takes it, or nothing helps. */
static bool prune(struct daemon_ini *ini, int look) {
    char *text = compose(ini, true);
    struct findings found;
    if (!text) return false;
    daemon_ini_check(&found, text, ini->path, ini->model);
    bool any = false, faults = found.faults > 0;
    for (size_t i = 0; i < found.count; i++) {
        const struct finding *f = &found.list[i];
        if (!f->fault) continue;
        if (f->line <= ini->lines->count && look > LOOKS)
            any |= leave_out_rest(ini, f->line, f->text);
        else if (f->line <= ini->lines->count)
            any |= leave_out_line(ini, f->line, f->text);
        else
            any |= leave_out_default(ini, f->text);
    }
    if (faults && !any) any = leave_out_all(ini, found.list[0].text);
    findings_finish(&found);
    return any;
}

char *daemon_ini_make(struct daemon_ini *ini) {
    check_policies(ini);
    for (int look = 1; prune(ini, look); look++) {
    } /* each time there is less left */
    return compose(ini, false);
}
