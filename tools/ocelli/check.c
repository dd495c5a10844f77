/* SPDX-License-Identifier: Apache-2.0
 * ocelli check: all faults of an ini at once, and what the daemon will do with it. It asks the same functions as the
 * daemon does when it starts, and opens neither source nor ports. */
#include "ocelli/check.h"
#include "base/file.h"
#include "base/log.h"
#include "blob/blob.h"
#include "daemon/own_tags.h"
#include "daemon/service_check.h"
#include "clip/config.h"
#include "ocelli/common/findings.h"
#include "handle.h"
#include "daemon/surprises.h"
#include "daemon/model_vectors.h"
#include "op/device.h"
#include "ocelli/options.h"
#include "tag/prompt_lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ids of a text, to see how far it is over the model's context; a line of the ini with a template is shorter. */
enum { IDS_MOST = 1024 };

/* Logs a fault that was held, with the place of the key that it is of. */
static int at_key(const struct daemon_config *c, const char *section, const char *key, int status, const char *why) {
    size_t line = config_line(c, section, key);
    if (!status) return OCELLI_OK;
    return line ? log_fail(status, "%s:%zu: %s", c->path, line, why) : log_fail(status, "%s: %s", c->path, why);
}

static int check_source(const struct daemon_config *c) {
    char why[LOG_LINE], forms[SOURCE_FORMS];
    if (!c->uri || !source_known(c->uri, forms)) return OCELLI_OK; /* told already */
    struct source_options options = c->source;
    options.width = options.height = options.rotation = 0; /* the config tells of these itself */
    log_hold(why, sizeof why);
    int status = source_check(c->uri, &options);
    log_release();
    return at_key(c, "source", "uri", status, why);
}

static int check_device(const struct checked *k, const struct options *o) {
    struct op_device *device = NULL;
    const char *choice = k->device ? k->device : getenv("OCELLI_DEVICE");
    uint32_t threads = o->threads ? (uint32_t)o->threads : (uint32_t)k->config.threads;
    char why[LOG_LINE];
    log_hold(why, sizeof why);
    int status =
        op_device_open(&device, &(struct op_device_params){.device = choice, .kind = o->kind, .threads = threads});
    log_release();
    op_device_close(&device);
    return at_key(&k->config, "run", "device", status, why);
}

/* ---- with the model ---- */

/* The model cuts long texts, and looks for a tag without their ends. Each tag is told of once. */
static int check_list(const struct checked *k, const struct tags_file_tag *tag, const struct prompts_list *texts,
                      const struct encoder *encoder, uint32_t context, bool *told) {
    int32_t ids[IDS_MOST];
    size_t count = 0;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && !*told && i < texts->count; i++) {
        status = encoder_encode(encoder, texts->texts[i], strlen(texts->texts[i]), ids, &count);
        *told = !status && count > context;
        if (*told)
            log_warn("%s:%zu: tag \"%s\": \"%s\" has %zu tokens, and this model takes %u: its end is cut: write less",
                     k->config.path, tag->line, tag->name, texts->texts[i], count, context);
    }
    return status;
}

static int check_texts(const struct checked *k, const struct encoder *encoder, uint32_t context) {
    const struct tags_file *tags = &k->config.tags;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < tags->count; i++) {
        const struct tags_file_tag *tag = &tags->tags[i];
        struct arena arena = {0};
        struct prompts_list all = {0};
        bool told = false;
        status = prompts_expand(&all, &arena, tags_file_templates(tags, tag), tags_file_prompts(tag));
        if (!status) status = check_list(k, tag, &all, encoder, context, &told);
        if (!status) status = check_list(k, tag, &tag->against, encoder, context, &told);
        arena_finish(&arena);
    }
    return status;
}

/* As ocelli_open() and the towers read it; all tensors, as the daemon would sooner or later. */
static int open_model(const char *path, struct ocelli *o) {
    int status = handle_read(o, path, true);
    if (!status && !o->config.no_text) status = handle_tokenizer(o->blob, IDS_MOST, o->config.vocabulary, &o->encoder);
    return status ? status : blob_check(o->blob);
}

/* As the daemon does after its start. */
static int take_own_tags(struct checked *k, const struct ocelli *model, struct faults *faults) {
    const struct own_tags own = {model->own.tags, model->own.known};
    return own_tags_take(&own, &k->config, &k->own_tags, faults);
}

static int check_model(struct checked *k, struct faults *faults) {
    struct ocelli model = {.blob = NULL}; /* without a device */
    char why[LOG_LINE];
    if (!k->model) return OCELLI_OK; /* told already */
    log_hold(why, sizeof why);
    int status = open_model(k->model, &model);
    log_release();
    bool of_ini = k->model == k->config.model;
    if (status && of_ini)
        at_key(&k->config, "run", "model", status, why);
    else if (status)
        log_error("%s: -m: %s", k->config.path, why);
    else
        status =
            model.encoder ? check_texts(k, model.encoder, model.config.text.tokens) : take_own_tags(k, &model, faults);
    k->english_only = model.encoder && encoder_is_clip(model.encoder);
    if (!status) snprintf(k->model_key, sizeof k->model_key, "%s", blob_key(model.blob));
    encoder_destroy(&model.encoder);
    handle_own_finish(&model);
    blob_close(&model.blob);
    return status;
}

/* The policies that [moderation] names, and whether their thresholds are of this model. */
static int check_policy(struct checked *k, struct faults *faults) {
    const char *path = k->config.policy;
    size_t before = faults->count;
    int status = path ? faults_pass(faults, policy_file_read(&k->policy, path, faults)) : OCELLI_OK;
    if (status || !path || faults->count > before) return status;
    return policy_file_ready(&k->policy, *k->model_key ? k->model_key : NULL, faults);
}

/* ---- all of it ---- */

/* Each part logs its faults, which are kept; only memory ends it early. */
static int look(struct checked *k, const struct options *options, const char *path) {
    struct faults faults = {0};
    char *bytes;
    size_t size;
    int status = file_load(path, &bytes, &size);
    if (status) return status;
    status = config_parse_all(&k->config, bytes, size, path, &faults);
    free(bytes);
    if (status) return status;
    struct daemon_config *c = &k->config;
    struct prompt_lint lint = {.man = false};
    k->model = options->model ? options->model : c->model, k->device = options->device ? options->device : c->device;
    status = config_check_start(c, options->model, &faults);
    if (!status) status = faults_pass(&faults, check_source(c));
    if (!status) status = faults_pass(&faults, check_device(k, options));
    if (!status) status = faults_pass(&faults, check_model(k, &faults));
    if (!status) status = check_policy(k, &faults);
    if (!status) status = service_check(c, &faults);
    if (!status) status = model_vectors_check(&c->tags, c->path, c->source.ignore_orientation, &faults);
    config_surprises(c);
    prompt_lint_add_file(&lint, &c->tags);
    prompt_lint_tell(&lint, path, k->english_only);
    return status;
}

static void tell_json(const struct checked *k, const struct findings *f) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "file", f->path);
    json_bool(&j, "good", !f->faults);
    findings_json(f, &j);
    if (!f->faults) check_json(k, &j);
    json_end(&j, '}');
    putchar('\n');
}

static void tell(const struct checked *k, const struct findings *f) {
    findings_show(f);
    if (f->faults) return;
    if (f->count) putchar('\n');
    check_show(k);
}

static int check(const struct options *options, const char *path) {
    struct checked k = {.model = NULL};
    struct findings found;
    findings_begin(&found, path);
    int status = look(&k, options, path);
    findings_end(&found);
    (options->json ? tell_json : tell)(&k, &found);
    size_t warnings = found.count - found.faults;
    if (found.faults)
        log_error("%s: %zu fault%s and %zu warning%s: ocelli run would refuse this file", path, found.faults,
                  found.faults == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
    policy_file_finish(&k.policy);
    config_finish(&k.config);
    int code = found.faults || status || found.lost ? EXIT_FAILED : EXIT_OK;
    findings_finish(&found);
    return code;
}

static int run(int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG, {"config", required_argument, NULL, 'c'}, {0}};
    struct options o = {.command = &command_check};
    const char *path = NULL;
    int c;
    while ((c = options_next(&o, argc, argv, OPTIONS_LETTERS "c:", table)) >= 0) {
        int fault = options_file(&o, "-c", optarg);
        if (fault) return fault;
        path = optarg;
    }
    if (c == OPTIONS_STOP) return o.exit_code;
    if (!path) return options_usage(&o, "no configuration: give -c FILE");
    if (optind < argc) return options_usage(&o, "\"%s\" is one argument too many", argv[optind]);
    return check(&o, path);
}

const struct command command_check = {
    .name = "check",
    .summary = "tell all faults of an ini, and what the daemon will do with it",
    .usage = "ocelli check -c FILE [-m BLOB] [--json]",
    .help =
        "Reads FILE as `ocelli run` does when it starts, and prints each fault as FILE:LINE: what is wrong and what\n"
        "to do. Lines with \"warning:\" are no faults, but may surprise. A file without faults is explained: what "
        "each\n"
        "tag looks for and when it turns on, where the daemon answers, what it keeps. It opens neither the source nor\n"
        "a port, and changes nothing. Exit code 0: no fault, `ocelli run` would start with it; 1: there are faults.\n\n"
        "Options:\n"
        "  -c, --config FILE     the ini (docs/run.md tells its keys)\n" OPTIONS_HELP "\n"
        "Example:\n"
        "  ocelli check -c ocelli.ini\n",
    .run = run,
};
