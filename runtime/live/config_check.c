/* SPDX-License-Identifier: Apache-2.0
 * What is wrong with a config although each of its lines is of the format. */
#include "live/config.h"
#include "base/log.h"
#include "text/unicode.h"

#include <string.h>

/* ---- texts ---- */

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

static const char *fault_of_tag(const struct tags_file_tag *tag) {
    const char *names[] = {tag->name, tag->group}, *fault = NULL;
    struct prompts_list named = {.texts = names, .count = tag->group ? 2 : 1};
    const struct prompts_list *lists[] = {&named, &tag->prompts, &tag->against, &tag->templates};
    for (size_t i = 0; !fault && i < sizeof lists / sizeof *lists; i++) fault = fault_of(lists[i]);
    return fault;
}

int config_check_texts(const struct tags_file *file, const char *path, struct faults *faults) {
    const char *fault = fault_of(&file->templates);
    int status = OCELLI_OK;
    if (fault) status = faults_pass(faults, log_fail(OCELLI_ERR_FILE, "%s: a template for all tags %s", path, fault));
    for (size_t i = 0; !status && i < file->count; i++) {
        const struct tags_file_tag *tag = &file->tags[i];
        fault = fault_of_tag(tag);
        if (fault)
            status = faults_pass(faults, log_fail(OCELLI_ERR_FILE, "%s:%zu: this tag %s", path, tag->line, fault));
    }
    return status;
}

/* ---- [source] and [serve] ---- */

int config_check_source(const struct live_config *c) {
    if (source_buildable(c->uri)) return OCELLI_OK;
    return log_fail(
        OCELLI_ERR_DEVICE,
        "%s:%zu: uri = %s cannot be watched: this program was built without libcamera: install libcamera-dev and g++, "
        "then build it again",
        c->path, config_line(c, "source", "uri"), c->uri);
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

/* Two that listen on one port: only one would be heard. */
static int check_ports(const struct live_config *c, struct faults *faults) {
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

static int check_uri(const struct live_config *c) {
    char forms[SOURCE_FORMS];
    if (!c->uri && config_line(c, "source", "uri")) return OCELLI_OK; /* what that line gave was refused already */
    if (!c->uri)
        return log_fail(OCELLI_ERR_FILE, "%s: no source: write uri = camera: under [source] (docs/sources.md)",
                        c->path);
    if (source_known(c->uri, forms)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: uri = %s: not a source: give one of %s", c->path,
                    config_line(c, "source", "uri"), c->uri, forms);
}

static int check_rotation(const struct live_config *c) {
    if ((uint32_t)c->rotation % 90 == 0) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: rotation = %g: give 0, 90, 180 or 270", c->path,
                    config_line(c, "source", "rotation"), c->rotation);
}

static int check_size(const struct live_config *c) {
    size_t width = config_line(c, "source", "width"), height = config_line(c, "source", "height");
    if (!width == !height) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: give width and height under [source], or neither", c->path,
                    width + height);
}

static bool ignores_orientation(const struct live_config *c) {
    return c->orientation && !strcmp(c->orientation, "ignore");
}

static int check_orientation(const struct live_config *c) {
    if (!c->orientation || ignores_orientation(c) || !strcmp(c->orientation, "exif")) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: orientation = %s: give exif or ignore", c->path,
                    config_line(c, "source", "orientation"), c->orientation);
}

static void gather_source(struct live_config *c) {
    c->source = (struct source_options){.rotation = (uint32_t)c->rotation,
                                        .ignore_orientation = ignores_orientation(c),
                                        .every = c->every != 0,
                                        .width = (uint32_t)c->width,
                                        .height = (uint32_t)c->height,
                                        .rate = (uint32_t)c->source_rate,
                                        .format = c->format,
                                        .exposure_us = (uint32_t)c->exposure_us,
                                        .gain = (float)c->gain,
                                        .exposure_value = (float)c->exposure_value};
}

int config_check(struct live_config *c, struct faults *faults) {
    static int (*const checks[])(const struct live_config *) = {check_uri, check_rotation, check_size,
                                                                check_orientation};
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < sizeof checks / sizeof *checks; i++) status = faults_pass(faults, checks[i](c));
    if (!status) status = check_ports(c, faults);
    if (!status) gather_source(c);
    if (!status && c->uri) status = place_source(c);
    return status ? status : config_check_texts(&c->tags, c->path, faults);
}

/* ---- what a start needs ---- */

static int check_model(const struct live_config *c, const char *model) {
    if (model || c->model || config_line(c, "run", "model")) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: no model: write model = FILE under [run], or give -m BLOB", c->path);
}

int config_check_start(const struct live_config *c, const char *model, struct faults *faults) {
    int status = c->uri ? faults_pass(faults, config_check_source(c)) : OCELLI_OK;
    return status ? status : faults_pass(faults, check_model(c, model));
}
