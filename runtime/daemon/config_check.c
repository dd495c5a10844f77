/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a config although each of its lines is of the format. */
#include "daemon/config.h"
#include "base/log.h"
#include "base/path.h"
#include "source/address.h"
#include "text/unicode.h"

#include <math.h>
#include <string.h>

int config_check_texts(const struct tags_file *file, const char *path, struct faults *faults) {
    return tags_file_check_texts(file, path, unicode_fault, faults);
}

/* ---- [source] and [serve] ---- */

int config_check_source(const struct daemon_config *config) {
    char why[SOURCE_WHY];
    if (source_usable(config->uri, why)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_DEVICE, "%s:%zu: uri = %s %s", config->path, config_line(config, "source", "uri"),
                    config->uri, why);
}

/* A file or folder in the URI lies beside the ini, as all others that it names. */
static int place_source(struct daemon_config *c) {
    size_t at = source_file(c->uri);
    const char *file = at ? path_beside(&c->arena, c->path, c->uri + at) : NULL;
    if (!at || file == c->uri + at) return OCELLI_OK;
    char *uri = file ? arena_alloc(&c->arena, at + strlen(file) + 1, 1) : NULL;
    if (!uri) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", c->path);
    memcpy(uri, c->uri, at);
    strcpy(uri + at, file);
    c->uri = uri;
    return OCELLI_OK;
}

/* What is secret in the URI stays with the source alone: whatever shows the URI cannot show that. */
static int hide_secrets(struct daemon_config *c) {
    if (!c->uri) return OCELLI_OK;
    char *shown = arena_alloc(&c->arena, strlen(c->uri) + 8, 1);
    if (!shown) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", c->path);
    source_show(c->uri, shown);
    if (source_is_address(c->uri)) c->source.url = c->uri;
    c->uri = shown;
    return OCELLI_OK;
}

/* Two that listen on one port: only one would be heard. */
static int check_ports(const struct daemon_config *c, struct faults *faults) {
    static const char *const names[] = {"udp", "coap", "coaps"};
    const double ports[] = {c->udp, c->coap, c->coaps};
    int status = OCELLI_OK;
    for (int i = 1; i < 3; i++)
        for (int k = 0; !status && k < i; k++)
            if (ports[i] > 0 && ports[i] == ports[k])
                status = faults_pass(
                    faults, log_fail(OCELLI_ERR_FILE,
                                     "%s:%zu: %s = %g: that port is taken by %s in line %zu: give each its own",
                                     c->path, config_line(c, "serve", names[i]), names[i], ports[i], names[k],
                                     config_line(c, "serve", names[k])));
    return status;
}

static int check_uri(const struct daemon_config *c) {
    char forms[SOURCE_FORMS], why[SOURCE_WHY];
    if (!c->uri && config_line(c, "source", "uri")) return OCELLI_OK; /* what that line gave was refused already */
    if (!c->uri)
        return log_fail(OCELLI_ERR_FILE, "%s: no source: write uri = camera: under [source] (docs/sources.md)",
                        c->path);
    if (source_known(c->uri, forms)) return OCELLI_OK;
    source_unknown(c->uri, why);
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: uri = %s: %s", c->path, config_line(c, "source", "uri"), c->uri, why);
}

static int check_rotation(const struct daemon_config *c) {
    if ((uint32_t)c->rotation % 90 == 0) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: rotation = %g: give 0, 90, 180 or 270", c->path,
                    config_line(c, "source", "rotation"), c->rotation);
}

/* Pictures of an address may come less often than once a second. */
static int check_rate(const struct daemon_config *c) {
    size_t line = config_line(c, "source", "rate");
    bool whole = c->source_rate >= 1 && c->source_rate == floor(c->source_rate);
    if (!line || whole || !(c->source_rate > 0) || c->source.url) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: rate = \"%g\": expected a whole number from 1 to 1000", c->path, line,
                    c->source_rate);
}

static int check_login(const struct daemon_config *c) {
    static const char *const names[] = {"user", "password", "ca"};
    for (int i = 0; c->uri && i < 3; i++) {
        size_t line = config_line(c, "source", names[i]);
        if (line && !c->source.url)
            return log_fail(OCELLI_ERR_FILE, "%s:%zu: %s: it is for http:, https: and mjpeg:", c->path, line, names[i]);
    }
    if (!c->source.url) return OCELLI_OK; /* no uri, which is told */
    size_t line = config_line(c, "source", "user"), password = config_line(c, "source", "password");
    bool has_login = address_has_login(c->source.url);
    if (line && has_login) return log_fail(OCELLI_ERR_FILE, "%s:%zu: user: the uri has one: keep one", c->path, line);
    if (password && !line && !has_login)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: password: give user = NAME too", c->path, password);
    return OCELLI_OK;
}

static int check_size(const struct daemon_config *c) {
    size_t width = config_line(c, "source", "width"), height = config_line(c, "source", "height");
    if (!width == !height) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: give width and height under [source], or neither", c->path,
                    width + height);
}

static bool ignores_orientation(const struct daemon_config *c) {
    return c->orientation && !strcmp(c->orientation, "ignore");
}

static int check_orientation(const struct daemon_config *c) {
    if (!c->orientation || ignores_orientation(c) || !strcmp(c->orientation, "exif")) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: orientation = %s: give exif or ignore", c->path,
                    config_line(c, "source", "orientation"), c->orientation);
}

static bool is_recording(const struct daemon_config *c) {
    return c->clock && !strcmp(c->clock, "recording");
}

static int check_clock(const struct daemon_config *c) {
    if (!c->clock || is_recording(c) || !strcmp(c->clock, "live")) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: clock = %s: give live or recording", c->path,
                    config_line(c, "source", "clock"), c->clock);
}

static int check_recording(const struct daemon_config *c) {
    char forms[SOURCE_FORMS];
    if (!is_recording(c) || !c->uri || !source_known(c->uri, forms) || source_can_play(c->uri)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE,
                    "%s:%zu: clock = recording: %s is none: y4m:, raw: and files: have a time of their own", c->path,
                    config_line(c, "source", "clock"), c->uri);
}

static int check_every(const struct daemon_config *c) {
    size_t line = config_line(c, "source", "every");
    if (!is_recording(c) || !line || c->every > 0) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: every = no: of a recording no frame is dropped: remove the line", c->path,
                    line);
}

void config_play(struct daemon_config *config, const char *uri) {
    if (!uri) return;
    config->uri = uri;
    config->source.recording = true;
    config->source.url = NULL;
    config->source.rate = 0; /* it is the camera's */
}

static void gather_source(struct daemon_config *c) {
    c->source = (struct source_options){.rotation = (uint32_t)c->rotation,
                                        .ignore_orientation = ignores_orientation(c),
                                        .every = c->every != 0,
                                        .url = c->source.url,
                                        .login = c->source_user,
                                        .password_file = c->source_password,
                                        .ca = c->source_ca,
                                        .period_ns = c->source_rate > 0 ? (int64_t)(1e9 / c->source_rate) : 0,
                                        .recording = is_recording(c),
                                        .width = (uint32_t)c->width,
                                        .height = (uint32_t)c->height,
                                        .rate = (uint32_t)c->source_rate,
                                        .format = c->format,
                                        .exposure_us = (uint32_t)c->exposure_us,
                                        .gain = (float)c->gain,
                                        .exposure_value = (float)c->exposure_value};
}

int config_check(struct daemon_config *config, struct faults *faults) {
    static int (*const checks[])(const struct daemon_config *) = {check_uri,   check_rotation,  check_rate,
                                                                  check_login, check_size,      check_orientation,
                                                                  check_clock, check_recording, check_every};
    int status = hide_secrets(config);
    for (size_t i = 0; !status && i < sizeof checks / sizeof *checks; i++)
        status = faults_pass(faults, checks[i](config));
    if (!status) status = check_ports(config, faults);
    if (!status) gather_source(config);
    if (!status && config->uri) status = place_source(config);
    return status ? status : config_check_texts(&config->tags, config->path, faults);
}

/* ---- what a start needs ---- */

static int check_model(const struct daemon_config *c, const char *model) {
    if (model || c->model || config_line(c, "run", "model")) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: no model: write model = FILE under [run], or give -m BLOB", c->path);
}

int config_check_start(const struct daemon_config *config, const char *model, struct faults *faults) {
    int status = config->uri ? faults_pass(faults, config_check_source(config)) : OCELLI_OK;
    return status ? status : faults_pass(faults, check_model(config, model));
}
