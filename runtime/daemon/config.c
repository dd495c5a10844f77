/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"
#include "base/log.h"
#include "base/path.h"

#include <math.h>
#include <string.h>

enum kind { TEXT, PATH, NUMBER, WHOLE, YES_NO };

#define AT(field) offsetof(struct daemon_config, field)

/* A key of a section: where its value goes, what it may be, what it is when nobody gives it. */
static const struct key {
    const char *section, *name;
    enum kind kind;
    size_t at;
    double least, most, preset;
} keys[CONFIG_KEYS] = {
    {"run", "model", PATH, AT(model)},
    {"run", "device", TEXT, AT(device)},
    {"run", "threads", WHOLE, AT(threads), 1, OCELLI_THREADS_MOST, 0},
    {"run", "state", PATH, AT(state)},
    {"run", "thermal", PATH, AT(thermal)},
    {"run", "on_change", TEXT, AT(on_change)},
    {"run", "faults", PATH, AT(faults)},
    {"run", "rate", NUMBER, AT(rate), 0, 1000, 10},
    {"run", "motion", NUMBER, AT(motion), 0, 100, 0.5},
    {"run", "look_every", NUMBER, AT(look_every), 0.1, 3600, 1},
    {"run", "hot", NUMBER, AT(hot), 20, 150, 75},
    {"run", "save_every", NUMBER, AT(save_every), 0, 86400, 300},
    {"run", "status_every", NUMBER, AT(status_every), 0, 86400, 0},
    {"source", "uri", TEXT, AT(uri)},
    {"source", "rotation", WHOLE, AT(rotation), 0, 270, 0},
    {"source", "orientation", TEXT, AT(orientation)},
    {"source", "every", YES_NO, AT(every)},
    {"source", "clock", TEXT, AT(clock)},
    {"source", "width", WHOLE, AT(width), 1, 16384, 0},
    {"source", "height", WHOLE, AT(height), 1, 16384, 0},
    {"source", "rate", NUMBER, AT(source_rate), 0.001, 1000, 0},
    {"source", "format", TEXT, AT(format)},
    {"source", "exposure_us", WHOLE, AT(exposure_us), 1, 1e8, 0},
    {"source", "gain", NUMBER, AT(gain), 1, 999, 0},
    {"source", "exposure_value", NUMBER, AT(exposure_value), -99, 99, 0},
    {"source", "user", TEXT, AT(source_user)},
    {"source", "password", PATH, AT(source_password)},
    {"source", "ca", PATH, AT(source_ca)},
    {"serve", "udp", WHOLE, AT(udp), 0, 65535, 0},
    {"serve", "coap", WHOLE, AT(coap), 0, 65535, 0},
    {"serve", "coaps", WHOLE, AT(coaps), 0, 65535, 0},
    {"serve", "serial", TEXT, AT(serial)},
    {"serve", "address", TEXT, AT(address)},
    {"serve", "psk", PATH, AT(psk)},
    {"serve", "reach", TEXT, AT(reach)},
    {"serve", "requests", NUMBER, AT(requests), 0, 1e6, 50},
    {"web", "port", WHOLE, AT(web_port), 0, 65535, 0},
    {"web", "address", TEXT, AT(web_address)},
    {"web", "password", PATH, AT(web_password)},
    {"web", "https", YES_NO, AT(web_https), 0, 1, 0},
    {"web", "certificate", PATH, AT(web_certificate)},
    {"web", "key", PATH, AT(web_key)},
    {"web", "host", TEXT, AT(web_host)},
    {"mqtt", "host", TEXT, AT(mqtt_host)},
    {"mqtt", "port", WHOLE, AT(mqtt_port), 1, 65535, 0},
    {"mqtt", "user", TEXT, AT(mqtt_user)},
    {"mqtt", "password", PATH, AT(mqtt_password)},
    {"mqtt", "prefix", TEXT, AT(mqtt_prefix)},
    {"mqtt", "discovery", TEXT, AT(mqtt_discovery)},
    {"mqtt", "tls", YES_NO, AT(mqtt_tls), 0, 1, 0},
    {"mqtt", "ca", PATH, AT(mqtt_ca)},
    {"mqtt", "images", YES_NO, AT(mqtt_images), 0, 1, 1},
    {"mqtt", "commands", YES_NO, AT(mqtt_commands), 0, 1, 1},
    {"mqtt", "every", NUMBER, AT(mqtt_every), 0.1, 86400, 10},
    {"memory", "file", PATH, AT(memory_file)},
    {"memory", "budget", NUMBER, AT(memory_budget), 8, 1e6, 256},
    {"memory", "every", NUMBER, AT(memory_every), 0, 86400, 1},
    {"memory", "thumbnails", YES_NO, AT(memory_thumbnails)},
    {"moderation", "policy", PATH, AT(policy)},
};

/* A section's values on their way to the config. */
struct part {
    struct daemon_config *config;
    const char *section;
};

static int unknown_key(const struct ini_place *at, const char *section, const char *name) {
    char known[256] = "";
    for (int i = 0; i < CONFIG_KEYS; i++) {
        if (strcmp(keys[i].section, section)) continue;
        if (*known) strcat(known, ", ");
        strcat(known, keys[i].name);
    }
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: unknown key \"%s\": %s are known in [%s]", at->file, at->line, name,
                    known, section);
}

static int bad_value(const struct ini_place *at, const struct key *k, const char *value) {
    if (k->kind == YES_NO)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s = \"%s\": expected yes or no", at->file, at->line, k->name, value);
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s = \"%s\": expected a %snumber from %g to %g", at->file, at->line,
                    k->name, value, k->kind == WHOLE ? "whole " : "", k->least, k->most);
}

static int take_text(struct daemon_config *c, const struct key *k, const char *value) {
    const char *text =
        k->kind == PATH ? path_beside(&c->arena, c->path, value) : arena_copy(&c->arena, value, strlen(value));
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", c->path);
    memcpy((char *)c + k->at, &text, sizeof text);
    return OCELLI_OK;
}

static int take_number(struct daemon_config *c, const struct ini_place *at, const struct key *k, const char *value) {
    double number;
    bool good = k->kind == YES_NO ? !strcmp(value, "yes") || !strcmp(value, "no")
                                  : ini_number(value, &number) && number >= k->least && number <= k->most;
    if (!good || (k->kind == WHOLE && number != floor(number))) return bad_value(at, k, value);
    if (k->kind == YES_NO) number = value[0] == 'y';
    memcpy((char *)c + k->at, &number, sizeof number);
    return OCELLI_OK;
}

static int take(void *user, const struct ini_place *at, const char *name, const char *value) {
    struct part *p = user;
    struct daemon_config *c = p->config;
    int i = 0;
    while (i < CONFIG_KEYS && (strcmp(keys[i].section, p->section) || strcmp(keys[i].name, name))) i++;
    if (i == CONFIG_KEYS) return unknown_key(at, p->section, name);
    if (c->line[i])
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s again, first in line %zu: keep one", at->file, at->line, name,
                        c->line[i]);
    c->line[i] = at->line; /* of a value that is no good too: it was given */
    if (!*value)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s has no value: write one or remove the line", at->file, at->line,
                        name);
    return keys[i].kind <= PATH ? take_text(c, &keys[i], value) : take_number(c, at, &keys[i], value);
}

size_t config_line(const struct daemon_config *config, const char *section, const char *name) {
    int i = 0;
    while (strcmp(keys[i].section, section) || strcmp(keys[i].name, name)) i++;
    return config->line[i];
}

const char *config_first_key(const struct daemon_config *config, const char *section) {
    for (int i = 0; i < CONFIG_KEYS; i++)
        if (config->line[i] && !strcmp(keys[i].section, section)) return keys[i].name;
    return NULL;
}

int config_parse(struct daemon_config *config, const void *bytes, size_t size, const char *path) {
    return config_parse_all(config, bytes, size, path, NULL);
}

int config_parse_all(struct daemon_config *config, const void *bytes, size_t size, const char *path,
                     struct faults *faults) {
    *config = (struct daemon_config){.path = path};
    for (int i = 0; i < CONFIG_KEYS; i++)
        if (keys[i].kind > PATH) memcpy((char *)config + keys[i].at, &keys[i].preset, sizeof(double));
    struct part run = {config, "run"}, source = {config, "source"}, serve = {config, "serve"}, web = {config, "web"},
                mqtt = {config, "mqtt"}, memory = {config, "memory"}, moderation = {config, "moderation"};
    const struct ini_section sections[] = {{.name = "run", .user = &run, .value = take},
                                           {.name = "source", .user = &source, .value = take},
                                           {.name = "serve", .user = &serve, .value = take},
                                           {.name = "web", .user = &web, .value = take},
                                           {.name = "mqtt", .user = &mqtt, .value = take},
                                           {.name = "memory", .user = &memory, .value = take},
                                           {.name = "moderation", .user = &moderation, .value = take}};
    const struct ini_table table = {sections, sizeof sections / sizeof *sections, NULL};
    const struct tags_file_options options = {.others = &table, .may_be_empty = true, .faults = faults};
    int status = tags_file_parse(&config->tags, bytes, size, path, &options);
    if (!status) status = config_check(config, faults);
    if (status) config_finish(config);
    return status;
}

const struct tags_file_options config_passed_over = {.others = &tags_file_daemon_sections, .may_be_empty = true};

bool config_same_text(const char *a, const char *b) {
    return a == b || (a && b && !strcmp(a, b));
}

void config_finish(struct daemon_config *config) {
    tags_file_finish(&config->tags);
    arena_finish(&config->arena);
    *config = (struct daemon_config){0};
}
