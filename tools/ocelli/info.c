/* SPDX-License-Identifier: Apache-2.0
 * ocelli info: the devices here, which of them computes, the cameras, and, of a model, what the file says. Nothing is
 * computed.
 */
#include "base/log.h"
#include "blob/blob.h"
#include "blob/tensor_names.h"
#include "clip/config.h"
#include "op/device.h"
#include "source/source.h"
#include "tag/tags_file.h"
#include "text/json.h"
#include "ocelli/options.h"
#include "ocelli/common/plain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 };

/* The texts are those of a blob that the runtime itself has no use for. */
struct facts {
    struct clip_config config;
    const char *name, *license, *score, *resize, *filter, *image_activation, *text_activation;
    struct tags_file own_tags; /* without a text tower */
    uint64_t own_texts;
    uint64_t file_bytes;
};

static int read_own(struct facts *facts, const struct blob *blob) {
    const struct gguf_string *texts;
    const char *tags;
    if (!facts->config.no_text) return blob_string(blob, "ocelli.text.activation", &facts->text_activation);
    int status = blob_string(blob, BLOB_OWN_TAGS, &tags);
    if (!status) status = blob_strings(blob, BLOB_OWN_TEXTS, &texts, &facts->own_texts);
    return status ? status : tags_file_parse(&facts->own_tags, tags, strlen(tags), "the model's own tags", NULL);
}

static int read_facts(struct facts *facts, struct blob *blob) {
    const struct {
        const char *key, **text;
    } texts[] = {{"general.name", &facts->name},           {"general.license", &facts->license},
                 {"ocelli.score", &facts->score},          {"ocelli.vision.resize", &facts->resize},
                 {"ocelli.vision.filter", &facts->filter}, {"ocelli.vision.activation", &facts->image_activation}};
    int status = clip_config_read(&facts->config, blob);
    for (size_t i = 0; !status && i < sizeof texts / sizeof texts[0]; i++)
        status = blob_string(blob, texts[i].key, texts[i].text);
    if (!status) status = read_own(facts, blob);
    if (!status) status = blob_check(blob); /* who has copied a file asks here whether it is whole */
    facts->file_bytes = blob_size(blob);
    return status;
}

/* The name of device `index`; false at the end. *status: why the end came, if not for the index. */
static bool next_device(uint32_t index, char name[NAME_SIZE], int *status) {
    int got = ocelli_device_name(index, name, NAME_SIZE);
    if (got && got != OCELLI_ERR_USAGE) *status = got;
    return got == OCELLI_OK;
}

/* Opens the device that computes if no other is asked for, as far as is known before anything is timed. Errors: as
 * op_device_open(). */
static int open_used(const struct options *o, struct op_device **device) {
    const char *choice = o->device ? o->device : getenv("OCELLI_DEVICE");
    struct op_device_params params = {.device = choice, .kind = o->kind, .threads = (uint32_t)o->threads};
    int status = op_device_open(device, &params);
    return status ? status : op_device_choose(device, false);
}

static int show_devices(void) {
    char name[NAME_SIZE];
    int status = OCELLI_OK;
    uint32_t i = 0;
    for (; next_device(i, name, &status); i++) {
        printf("device %-8" PRIu32 " ", i);
        plain_text(stdout, name);
        putchar('\n');
    }
    return status;
}

static void show_used(const struct op_device *d) {
    printf("%-15s ", "used");
    plain_text(stdout, op_device_name(d));
    printf(", %s, ", op_device_way(d)->name);
    plain_text(stdout, op_device_driver(d));
    printf(" (");
    plain_text(stdout, op_device_why(d));
    puts(")");
}

static void line(const char *label, const char *text) {
    printf("%-15s ", label);
    plain_text(stdout, text);
    putchar('\n');
}

static void show_tower(const char *label, const struct clip_tower_config *t, const char *activation) {
    printf("%-15s %" PRIu32 " blocks, width %" PRIu32 ", hidden %" PRIu32 ", %" PRIu32 " heads, %" PRIu32 " tokens, ",
           label, t->blocks, t->width, t->hidden, t->heads, t->tokens);
    plain_text(stdout, activation);
    putchar('\n');
}

/* Their text has the templates and the prompts: whoever writes a file for this model needs both. */
static void show_own(const struct facts *f) {
    const struct tags_file *tags = &f->own_tags;
    printf("%-15s none: vectors of %" PRIu64 " texts, of these tags and of everyday things\n", "text tower",
           f->own_texts);
    for (size_t i = 0; i < tags->templates.count; i++) line("template", tags->templates.texts[i]);
    for (size_t i = 0; i < tags->count; i++) {
        const struct tags_file_tag *tag = &tags->tags[i];
        line("tag", tag->name);
        for (size_t k = 0; k < tag->templates.count; k++) line("  template", tag->templates.texts[k]);
        for (size_t k = 0; k < tag->prompts.count; k++) line("  prompt", tag->prompts.texts[k]);
        for (size_t k = 0; k < tag->against.count; k++) line("  against", tag->against.texts[k]);
    }
}

static void show_facts(const struct facts *f) {
    const struct clip_config *c = &f->config;
    line("model", f->name);
    line("license", f->license);
    printf("%-15s %.1f MB\n", "file", (double)f->file_bytes / 1e6);
    printf("%-15s %" PRIu32 " numbers\n", "embedding", c->embedding);
    printf("%-15s %" PRIu32 "x%" PRIu32 " pixels (%s, %s), patches of %" PRIu32 "\n", "picture", c->image_size,
           c->image_size, f->resize, f->filter, c->patch_size);
    show_tower("image tower", &c->image, f->image_activation);
    if (!c->no_text) {
        show_tower("text tower", &c->text, f->text_activation);
        printf("%-15s %" PRIu32 " tokens\n", "vocabulary", c->vocabulary);
    }
    printf("%-15s %s, logit scale %.4g, bias %.4g\n", "score", f->score, (double)c->logit_scale, (double)c->logit_bias);
    if (c->no_text) show_own(f);
}

static int json_devices(struct json *j) {
    char name[NAME_SIZE];
    int status = OCELLI_OK;
    uint32_t i = 0;
    json_begin(j, "devices", '[');
    for (; next_device(i, name, &status); i++) json_text(j, NULL, name);
    json_end(j, ']');
    return status;
}

static void json_used(struct json *j, const struct op_device *d) {
    json_begin(j, "used", '{');
    json_text(j, "device", op_device_name(d));
    json_text(j, "driver", op_device_driver(d));
    json_text(j, "products", op_device_way(d)->name);
    json_text(j, "why", op_device_why(d));
    json_end(j, '}');
}

static void json_tower(struct json *j, const char *key, const struct clip_tower_config *t, const char *activation) {
    json_begin(j, key, '{');
    json_count(j, "blocks", t->blocks);
    json_count(j, "width", t->width);
    json_count(j, "hidden", t->hidden);
    json_count(j, "heads", t->heads);
    json_count(j, "tokens", t->tokens);
    json_text(j, "activation", activation);
    json_end(j, '}');
}

static void json_list(struct json *j, const char *key, const struct prompts_list *texts) {
    json_begin(j, key, '[');
    for (size_t i = 0; i < texts->count; i++) json_text(j, NULL, texts->texts[i]);
    json_end(j, ']');
}

/* In place of "text" and "vocabulary". */
static void json_own(struct json *json, const struct facts *facts) {
    json_count(json, "own_texts", facts->own_texts);
    json_list(json, "own_templates", &facts->own_tags.templates);
    json_begin(json, "own_tags", '[');
    for (size_t i = 0; i < facts->own_tags.count; i++) {
        const struct tags_file_tag *tag = &facts->own_tags.tags[i];
        json_begin(json, NULL, '{');
        json_text(json, "tag", tag->name);
        json_list(json, "templates", &tag->templates);
        json_list(json, "prompts", &tag->prompts);
        json_list(json, "against", &tag->against);
        json_end(json, '}');
    }
    json_end(json, ']');
}

static void json_facts(struct json *json, const struct facts *facts) {
    const struct clip_config *c = &facts->config;
    json_begin(json, "model", '{');
    json_text(json, "name", facts->name);
    json_text(json, "license", facts->license);
    json_count(json, "file_bytes", facts->file_bytes);
    json_count(json, "embedding_size", c->embedding);
    json_count(json, "image_size", c->image_size);
    json_count(json, "patch_size", c->patch_size);
    json_text(json, "resize", facts->resize);
    json_text(json, "filter", facts->filter);
    json_tower(json, "image", &c->image, facts->image_activation);
    if (c->no_text)
        json_own(json, facts);
    else
        json_tower(json, "text", &c->text, facts->text_activation);
    if (!c->no_text) json_count(json, "vocabulary", c->vocabulary);
    json_text(json, "score", facts->score);
    json_number(json, "logit_scale", (double)c->logit_scale, JSON_FLOAT);
    json_number(json, "logit_bias", (double)c->logit_bias, JSON_FLOAT);
    json_end(json, '}');
}

/* ---- cameras ---- */

struct cameras {
    size_t count;
    struct json *json; /* NULL: for people */
};

static void show_camera(void *user, const struct source_camera *camera) {
    struct cameras *c = user;
    printf("camera %-8zu ", c->count++);
    plain_text(stdout, *camera->model ? camera->model : "unnamed");
    for (size_t i = 0; i < camera->size_count; i++)
        printf("%s%" PRIu32 "x%" PRIu32, i ? ", " : ": ", camera->sizes[i].width, camera->sizes[i].height);
    printf("\n%-15s uri = camera:", "");
    plain_text(stdout, camera->id);
    putchar('\n');
}

/* A fault of libcamera was logged; the rest is printed all the same. */
static void show_cameras(void) {
    struct cameras c = {.count = 0};
    char why[SOURCE_WHY];
    if (!source_camera_library(why)) {
        printf("%-15s none: camera: ", "cameras");
        plain_text(stdout, why);
        putchar('\n');
    } else if (!source_cameras(show_camera, &c) && !c.count)
        line("cameras", "none found: is one plugged in, and may this user open /dev/video* and /dev/media*?");
}

static void json_camera(void *user, const struct source_camera *camera) {
    struct cameras *c = user;
    json_begin(c->json, NULL, '{');
    json_text(c->json, "id", camera->id);
    json_text(c->json, "model", camera->model);
    json_begin(c->json, "sizes", '[');
    for (size_t i = 0; i < camera->size_count; i++) {
        json_begin(c->json, NULL, '[');
        json_count(c->json, NULL, camera->sizes[i].width);
        json_count(c->json, NULL, camera->sizes[i].height);
        json_end(c->json, ']');
    }
    json_end(c->json, ']');
    json_end(c->json, '}');
}

static void json_cameras(struct json *j) {
    struct cameras c = {.json = j};
    char why[SOURCE_WHY];
    const char *library = source_camera_library(why);
    json_text(j, "camera_library", library);
    if (!library) json_text(j, "camera_fault", why);
    json_begin(j, "cameras", '[');
    if (library) source_cameras(json_camera, &c);
    json_end(j, ']');
}

/* ---- all of it ---- */

static int show_json(const struct facts *facts, const struct op_device *used) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "version", ocelli_version());
    int status = json_devices(&j);
    if (used) json_used(&j, used);
    json_cameras(&j);
    if (facts) json_facts(&j, facts);
    json_end(&j, '}');
    putchar('\n');
    return status;
}

static int show(const struct facts *facts, const struct op_device *used) {
    line("ocelli", ocelli_version());
    int status = show_devices();
    if (used) show_used(used);
    show_cameras();
    if (facts) show_facts(facts);
    return status;
}

static int info(const struct options *o) {
    struct facts facts = {.own_texts = 0};
    struct blob *blob = NULL;
    int status = o->model ? blob_open(&blob, o->model, true) : OCELLI_OK;
    if (!status && blob) status = read_facts(&facts, blob);
    if (!status) {
        struct op_device *used;
        int opened = open_used(o, &used); /* told, and the rest all the same */
        status = (o->json ? show_json : show)(blob ? &facts : NULL, used);
        op_device_close(&used);
        if (!status && !blob) status = opened;
    }
    tags_file_finish(&facts.own_tags);
    blob_close(&blob);
    return status;
}

static int run(int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG, {0}};
    struct options o = {.command = &command_info};
    if (options_next(&o, argc, argv, OPTIONS_LETTERS, table) == OPTIONS_STOP) return o.exit_code;
    if (optind < argc) return options_usage(&o, "\"%s\" is one argument too many", argv[optind]);
    return options_exit_code(info(&o));
}

const struct command command_info = {
    .name = "info",
    .summary = "list devices and cameras, and what is in a model",
    .usage = "ocelli info [-m BLOB] [--json]",
    .help = "Lists Vulkan's devices and the processor, with the index that --device takes, and tells which\n"
            "one is used and why. Lists the cameras with the line that names them in an ini. With -m it tells\n"
            "the facts of a model file, and checks each of its bytes. Exit code 1: the file is damaged, or\n"
            "without -m: there is no such device.\n\n"
            "Options:\n" OPTIONS_HELP "\n"
            "Example:\n"
            "  ocelli info -m clip.gguf\n",
    .run = run,
};
