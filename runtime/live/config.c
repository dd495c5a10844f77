/* SPDX-License-Identifier: Apache-2.0 */
#include "live/config.h"
#include "base/log.h"
#include "text/unicode.h"

#include <math.h>
#include <string.h>

enum kind { TEXT, PATH, NUMBER, WHOLE, YES_NO };

#define AT(field) offsetof(struct live_config, field)

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
    {"source", "rate", WHOLE, AT(source_rate), 1, 1000, 0},
    {"source", "format", TEXT, AT(format)},
    {"source", "exposure_us", WHOLE, AT(exposure_us), 1, 1e8, 0},
    {"source", "gain", NUMBER, AT(gain), 1, 999, 0},
    {"source", "exposure_value", NUMBER, AT(exposure_value), -99, 99, 0},
    {"serve", "udp", WHOLE, AT(udp), 0, 65535, 0},
    {"serve", "coap", WHOLE, AT(coap), 0, 65535, 0},
    {"serve", "coaps", WHOLE, AT(coaps), 0, 65535, 0},
    {"serve", "serial", TEXT, AT(serial)},
    {"serve", "address", TEXT, AT(address)},
    {"serve", "psk", PATH, AT(psk)},
    {"serve", "reach", TEXT, AT(reach)},
    {"serve", "requests", NUMBER, AT(requests), 0, 1e6, 50},
    {"memory", "file", PATH, AT(memory_file)},
    {"memory", "budget", NUMBER, AT(memory_budget), 8, 1e6, 256},
    {"memory", "every", NUMBER, AT(memory_every), 0, 86400, 1},
};

/* A section's values on their way to the config. */
struct part {
    struct live_config *config;
    const char *section;
};

static int unknown_key(const struct ini_place *at, const char *section, const char *name) {
    char known[256] = "";
    for (int i = 0; i < CONFIG_KEYS; i++) {
        if (strcmp(keys[i].section, section)) continue;
        if (*known) strcat(known, ", ");
        strcat(known, keys[i].name);
    }
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: unknown key \"%s\": %s are known in [%s]", at->file, at->line, name, known,
                    section);
}

static int bad_value(const struct ini_place *at, const struct key *k, const char *value) {
    if (k->kind == YES_NO)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s = \"%s\": expected yes or no", at->file, at->line, k->name, value);
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s = \"%s\": expected a %snumber from %g to %g", at->file, at->line, k->name, value,
                    k->kind == WHOLE ? "whole " : "", k->least, k->most);
}

static int take_text(struct live_config *c, const struct key *k, const char *value) {
    const char *text = k->kind == PATH ? config_path(&c->arena, c->path, value) : arena_copy(&c->arena, value, strlen(value));
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", c->path);
    memcpy((char *)c + k->at, &text, sizeof text);
    return OCELLI_OK;
}

static int take_number(struct live_config *c, const struct ini_place *at, const struct key *k, const char *value) {
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
    struct live_config *c = p->config;
    int i = 0;
    while (i < CONFIG_KEYS && (strcmp(keys[i].section, p->section) || strcmp(keys[i].name, name))) i++;
    if (i == CONFIG_KEYS) return unknown_key(at, p->section, name);
    if (c->line[i])
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s again, first in line %zu: keep one", at->file, at->line, name, c->line[i]);
    if (!*value)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s has no value: write one or remove the line", at->file, at->line, name);
    c->line[i] = at->line;
    return keys[i].kind <= PATH ? take_text(c, &keys[i], value) : take_number(c, at, &keys[i], value);
}

const char *config_path(struct arena *arena, const char *beside, const char *name) {
    const char *slash = strrchr(beside, '/');
    size_t folder = *name == '/' || !slash ? 0 : (size_t)(slash - beside) + 1, length = strlen(name);
    char *path = arena_alloc(arena, folder + length + 1, 1);
    if (!path) return log_error("%s: out of memory", beside), NULL;
    memcpy(path, beside, folder);
    memcpy(path + folder, name, length);
    return path;
}

/* NULL: nothing is wrong with them. */
static const char *fault_of(const struct prompts_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        const char *text = list->texts[i];
        size_t length = strlen(text);
        if (unicode_check(text, length) < length) return "is not UTF-8: save the file as UTF-8";
        for (; *text; text++)
            if ((unsigned char)*text < ' ' || *text == 0x7f) return "has a control character: write spaces";
    }
    return NULL;
}

int config_check_texts(const struct tags_file *file, const char *path) {
    const char *fault = fault_of(&file->templates);
    if (fault) return log_fail(OCELLI_ERR_FILE, "%s: a template for all tags %s", path, fault);
    for (size_t i = 0; i < file->count; i++) {
        const struct tags_file_tag *tag = &file->tags[i];
        const char *names[] = {tag->name, tag->group};
        struct prompts_list named = {.texts = names, .count = tag->group ? 2 : 1};
        const struct prompts_list *lists[] = {&named, &tag->prompts, &tag->against, &tag->templates};
        for (size_t k = 0; !fault && k < sizeof lists / sizeof *lists; k++) fault = fault_of(lists[k]);
        if (fault) return log_fail(OCELLI_ERR_FILE, "%s:%zu: this tag %s", path, tag->line, fault);
    }
    return OCELLI_OK;
}

static size_t line_of(const struct live_config *c, const char *section, const char *name) {
    int i = 0;
    while (strcmp(keys[i].section, section) || strcmp(keys[i].name, name)) i++;
    return c->line[i];
}

int config_check_source(const struct live_config *c) {
    if (source_buildable(c->uri)) return OCELLI_OK;
    return log_fail(
        OCELLI_ERR_DEVICE,
        "%s:%zu: uri = %s cannot be watched: this program was built without libcamera: install libcamera-dev and g++, "
        "then build it again",
        c->path, line_of(c, "source", "uri"), c->uri);
}

/* A file or folder in the URI lies beside the ini, as all others that it names. */
static int place_source(struct live_config *c) {
    size_t at = source_file(c->uri);
    const char *file = at ? config_path(&c->arena, c->path, c->uri + at) : NULL;
    if (!at || file == c->uri + at) return OCELLI_OK;
    char *uri = file ? arena_alloc(&c->arena, at + strlen(file) + 1, 1) : NULL;
    if (!uri) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", c->path);
    memcpy(uri, c->uri, at);
    strcpy(uri + at, file);
    c->uri = uri;
    return OCELLI_OK;
}

/* Two that listen on one port: only one of them would be heard. */
static int check_ports(const struct live_config *c) {
    static const char *const names[] = {"udp", "coap", "coaps"};
    const double ports[] = {c->udp, c->coap, c->coaps};
    for (int i = 1; i < 3; i++)
        for (int k = 0; k < i; k++)
            if (ports[i] > 0 && ports[i] == ports[k])
                return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s = %g: that port is taken by %s in line %zu: give each its own",
                                c->path, line_of(c, "serve", names[i]), names[i], ports[i], names[k],
                                line_of(c, "serve", names[k]));
    return OCELLI_OK;
}

static bool is_recording(const struct live_config *c) {
    return c->clock && !strcmp(c->clock, "recording");
}

static int check_clock(const struct live_config *c) {
    size_t line = line_of(c, "source", "clock");
    if (c->clock && !is_recording(c) && strcmp(c->clock, "live"))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: clock = %s: give live or recording", c->path, line, c->clock);
    if (is_recording(c) && !source_can_play(c->uri))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: clock = recording: %s is none: y4m:, raw: and files: have a time of their own",
                        c->path, line, c->uri);
    if (is_recording(c) && line_of(c, "source", "every") && c->every <= 0)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: every = no: of a recording no frame is dropped: remove the line", c->path,
                        line_of(c, "source", "every"));
    return OCELLI_OK;
}

void config_play(struct live_config *c, const char *uri) {
    if (!uri) return;
    c->uri = uri;
    c->source.recording = true;
    c->source.rate = 0; /* it is the camera's */
}

static int check(struct live_config *c) {
    if (!c->uri) return log_fail(OCELLI_ERR_FILE, "%s: no source: write uri = camera: under [source] (docs/sources.md)", c->path);
    char forms[SOURCE_FORMS];
    if (!source_known(c->uri, forms))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: uri = %s: not a source: give one of %s", c->path, line_of(c, "source", "uri"),
                        c->uri, forms);
    if ((uint32_t)c->rotation % 90)
        return log_fail(OCELLI_ERR_FILE, "%s: rotation = %g: give 0, 90, 180 or 270", c->path, c->rotation);
    if (!c->width != !c->height)
        return log_fail(OCELLI_ERR_FILE, "%s: give width and height under [source], or neither", c->path);
    bool ignore = c->orientation && !strcmp(c->orientation, "ignore");
    if (c->orientation && !ignore && strcmp(c->orientation, "exif"))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: orientation = %s: give exif or ignore", c->path,
                        line_of(c, "source", "orientation"), c->orientation);
    c->source = (struct source_options){.rotation = (uint32_t)c->rotation,
                                        .ignore_orientation = ignore,
                                        .every = c->every != 0,
                                        .recording = is_recording(c),
                                        .width = (uint32_t)c->width,
                                        .height = (uint32_t)c->height,
                                        .rate = (uint32_t)c->source_rate,
                                        .format = c->format,
                                        .exposure_us = (uint32_t)c->exposure_us,
                                        .gain = (float)c->gain,
                                        .exposure_value = (float)c->exposure_value};
    int status = check_clock(c);
    if (!status) status = check_ports(c);
    if (!status) status = place_source(c);
    return status ? status : config_check_texts(&c->tags, c->path);
}

int config_parse(struct live_config *c, const void *bytes, size_t size, const char *path) {
    *c = (struct live_config){.path = path};
    for (int i = 0; i < CONFIG_KEYS; i++)
        if (keys[i].kind > PATH) memcpy((char *)c + keys[i].at, &keys[i].preset, sizeof(double));
    struct part run = {c, "run"}, source = {c, "source"}, serve = {c, "serve"}, memory = {c, "memory"};
    const struct ini_section sections[] = {{.name = "run", .user = &run, .value = take},
                                           {.name = "source", .user = &source, .value = take},
                                           {.name = "serve", .user = &serve, .value = take},
                                           {.name = "memory", .user = &memory, .value = take}};
    const struct ini_table table = {sections, 4, NULL};
    const struct tags_file_options options = {.others = &table, .may_be_empty = true};
    int status = tags_file_parse(&c->tags, bytes, size, path, &options);
    if (!status) status = check(c);
    if (status) config_finish(c);
    return status;
}

static int pass_over(void *user, const struct ini_place *at, const char *name, const char *value) {
    (void)user, (void)at, (void)name, (void)value;
    return OCELLI_OK;
}

static const struct ini_section passed_over[] = {{.name = "run", .value = pass_over},
                                                 {.name = "source", .value = pass_over},
                                                 {.name = "serve", .value = pass_over},
                                                 {.name = "memory", .value = pass_over}};
static const struct ini_table passed_over_table = {passed_over, 4, NULL};
const struct tags_file_options config_passed_over = {.others = &passed_over_table, .may_be_empty = true};

bool config_same_text(const char *a, const char *b) {
    return a == b || (a && b && !strcmp(a, b));
}

void config_finish(struct live_config *c) {
    tags_file_finish(&c->tags);
    arena_finish(&c->arena);
    *c = (struct live_config){0};
}
