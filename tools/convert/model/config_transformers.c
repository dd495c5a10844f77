/* SPDX-License-Identifier: Apache-2.0
 * config.json of a transformers folder. Keys that equal their default may be absent there; the
 * defaults are those of CLIPConfig, CLIPTextConfig and CLIPVisionConfig. */
#include "base/log.h"
#include "convert/model/config.h"
#include "convert/model/config_siglip.h"
#include "convert/model/families.h"

#include <stdio.h>
#include <string.h>

enum { LEGACY_END_ID = 2 }; /* never the end mark: old configurations carry it and mean the largest id */

static int find_activation(const struct json_at *at, const char *name, enum config_activation *out) {
    static const struct {
        const char *name;
        enum config_activation value;
    } known[] = {{"quick_gelu", CONFIG_QUICK_GELU},
                 {"gelu", CONFIG_GELU},
                 {"gelu_new", CONFIG_GELU_TANH},
                 {"gelu_pytorch_tanh", CONFIG_GELU_TANH}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0) {
            *out = known[i].value;
            return OCELLI_OK;
        }
    return log_fail(OCELLI_ERR_LIMIT, "%s: %shidden_act is '%s': supported are quick_gelu, gelu, gelu_pytorch_tanh",
                    at->file, at->where, name);
}

int config_transformers_tower(const struct json_at *at, const char *otherwise, struct config_tower *t,
                              const char **activation) {
    *activation = NULL;
    int status = json_u32(at, "hidden_size", &t->width);
    if (!status) status = json_u32(at, "intermediate_size", &t->hidden);
    if (!status) status = json_u32(at, "num_hidden_layers", &t->blocks);
    if (!status) status = json_u32(at, "num_attention_heads", &t->heads);
    if (!status) status = json_float(at, "layer_norm_eps", &t->epsilon);
    if (!status) status = json_string(at, "hidden_act", activation);
    return status ? status : find_activation(at, *activation ? *activation : otherwise, &t->activation);
}

int config_transformers_image(const struct json_at *at, struct config *c) {
    uint32_t channels = 3;
    int status = json_u32(at, "image_size", &c->image_size);
    if (!status) status = json_u32(at, "patch_size", &c->patch_size);
    if (!status) status = json_u32(at, "num_channels", &channels);
    if (!status && channels != 3)
        status = log_fail(OCELLI_ERR_LIMIT, "%s: %snum_channels is %u, expected 3: give a model of colour pictures",
                          at->file, at->where, channels);
    return status;
}

/* `what`: the activation, in the report. */
static int read_tower(const struct json_at *at, struct config_tower *t, const char *what, struct report *r) {
    const char *activation;
    int status = config_transformers_tower(at, "quick_gelu", t, &activation);
    if (status) return status;
    report_choice(r, what, config_activation_name(t->activation), "%shidden_act is %s", at->where,
                  activation ? activation : "absent: transformers' default");
    return OCELLI_OK;
}

/* The towers' part of the file. Old files have two forms; transformers lets the _dict one win. */
static int find_part(const struct json_at *root, const char *key, const char *where, struct json_at *part,
                     struct report *r) {
    char old[64];
    snprintf(old, sizeof old, "%s_dict", key);
    int status = json_object(root, key, where, part);
    if (status) return status;
    struct json_at replaced;
    status = json_object(root, old, where, &replaced);
    if (status || !replaced.object) return status;
    if (part->object) report_choice(r, key, old, "both are there: transformers takes the second");
    *part = replaced;
    return OCELLI_OK;
}

static int read_image(struct config *c, const struct json_at *at, struct report *r) {
    c->image = (struct config_tower){.width = 768, .hidden = 3072, .blocks = 12, .heads = 12, .epsilon = 1e-5f};
    c->image_size = 224;
    c->patch_size = 32;
    int status = read_tower(at, &c->image, "image activation", r);
    if (!status) status = config_transformers_image(at, c);
    report_choice(r, "image pooling", "class token", "CLIP's; post layer norm, then a projection without bias");
    return status;
}

static int read_text(struct config *config, const struct json_at *at, struct report *report) {
    config->text =
        (struct config_tower){.width = 512, .hidden = 2048, .blocks = 12, .heads = 8, .tokens = 77, .epsilon = 1e-5f};
    config->vocabulary = 49408;
    config->end_id = 49407;
    int status = read_tower(at, &config->text, "text activation", report);
    if (!status) status = json_u32(at, "max_position_embeddings", &config->text.tokens);
    if (!status) status = json_u32(at, "vocab_size", &config->vocabulary);
    if (!status) status = json_u32(at, "eos_token_id", &config->end_id);
    if (status) return status;
    bool legacy = config->end_id == LEGACY_END_ID;
    config->pool = legacy ? CONFIG_POOL_LARGEST : CONFIG_POOL_END;
    report_choice(report, "text pooling", legacy ? "largest id" : "first end mark", "%seos_token_id is %u%s", at->where,
                  config->end_id, legacy ? ", as in old configurations, where transformers takes the largest id" : "");
    report_choice(report, "text mask", "causal", "CLIP's");
    return OCELLI_OK;
}

static int check_kind(const struct json_at *at, bool *siglip) {
    const char *kind = NULL;
    int status = json_string(at, "model_type", &kind);
    if (status) return status;
    *siglip = kind && strcmp(kind, "siglip") == 0;
    if (*siglip || (kind && strcmp(kind, "clip") == 0)) return OCELLI_OK;
    if (kind && strncmp(kind, "siglip", 6) == 0) return config_siglip_refuse(at->file, kind);
    if (kind && families_known(kind)) return families_refuse(at->file, kind);
    return log_fail(OCELLI_ERR_FILE,
                    "%s: model_type is '%s', expected 'clip' or 'siglip': give the folder of a CLIP or SigLIP model",
                    at->file, kind ? kind : "absent");
}

int config_transformers(struct config *config, const cJSON *root, const char *file, struct report *report) {
    *config = (struct config){.file = file, .embedding = 512};
    struct json_at at = {.file = file, .where = "", .object = root}, part;
    bool siglip;
    int status = check_kind(&at, &siglip);
    if (!status && siglip) return config_siglip(config, &at, report);
    if (!status) status = json_u32(&at, "projection_dim", &config->embedding);
    if (!status) status = find_part(&at, "vision_config", "vision_config.", &part, report);
    if (!status) status = read_image(config, &part, report);
    if (!status) status = find_part(&at, "text_config", "text_config.", &part, report);
    if (!status) status = read_text(config, &part, report);
    return status;
}
