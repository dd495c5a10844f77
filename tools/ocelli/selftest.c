/* SPDX-License-Identifier: Apache-2.0
 * ocelli selftest: may this device be trusted with this model? */
#include "text/json.h"
#include "ocelli/options.h"
#include "ocelli/common/plain.h"

static void show_json(const struct ocelli_info *info, bool ok, float worst) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_bool(&j, "ok", ok);
    json_number(&j, "worst_cosine", (double)worst, JSON_FLOAT);
    json_text(&j, "model", info->model_name);
    json_text(&j, "device", info->device_name);
    json_text(&j, "driver", info->driver_name);
    json_text(&j, "kind", options_kind_name(info->kind));
    json_end(&j, '}');
    putchar('\n');
}

static void show(const struct ocelli_info *info, bool ok, float worst) {
    printf("%s: worst cosine %.6f, ", ok ? "ok" : "WRONG", (double)worst);
    plain_text(stdout, info->model_name);
    printf(" on ");
    plain_text(stdout, info->device_name);
    printf(" (");
    plain_text(stdout, info->driver_name);
    printf("), kind %s\n", options_kind_name(info->kind));
}

static int selftest(const struct options *o) {
    struct ocelli *handle;
    struct ocelli_info info;
    float worst = 0;
    int status = options_open(o, &handle);
    if (status) return status;
    status = ocelli_selftest(handle, &worst);
    ocelli_get_info(handle, &info);
    if (!status || status == OCELLI_ERR_WRONG) (o->json ? show_json : show)(&info, !status, worst);
    ocelli_close(&handle);
    return status;
}

static int run(int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG, {0}};
    struct options o = {.command = &command_selftest};
    if (options_next(&o, argc, argv, OPTIONS_LETTERS, table) == OPTIONS_STOP) return o.exit_code;
    if (!o.model) return options_usage(&o, "no model: give -m BLOB");
    if (optind < argc) return options_usage(&o, "\"%s\" is one argument too many", argv[optind]);
    return options_exit_code(selftest(&o));
}

const struct command command_selftest = {
    .name = "selftest",
    .summary = "check that this device computes a model rightly",
    .usage = "ocelli selftest -m BLOB [--json]",
    .help = "Embeds the pictures and texts stored in the model and compares with the vectors stored\n"
            "beside them, which were computed in float when the model was converted. Prints the\n"
            "lowest cosine. Exit code 1: lower than the model allows.\n\n"
            "Options:\n" OPTIONS_HELP "\n"
            "Example:\n"
            "  ocelli selftest -m clip.gguf --device 0\n",
    .run = run,
};
