/* SPDX-License-Identifier: Apache-2.0
 * SigLIP and SigLIP 2 of fixed resolution: config.json of a transformers folder, whose defaults are those of
 * SiglipConfig, SiglipTextConfig and SiglipVisionConfig; and the image towers of timm that open_clip names. */
#include "convert/model/config_siglip.h"
#include "base/log.h"

#include <string.h>

void config_siglip_rules(struct config *config) {
    config->attention_pool = config->no_mask = config->text_bias = config->sigmoid = true;
    config->pool = CONFIG_POOL_LAST;
}

void config_siglip_report(const struct config *config, const char *why, struct report *report) {
    report_choice(report, "family", "SigLIP", "%s", why);
    config_report_activations(config, why, report);
    report_choice(report, "image pooling", "attention", "SigLIP's: a learnt query, then an MLP; no projection");
    report_choice(report, "text pooling", "last position", "SigLIP's: texts are padded to the whole context");
    report_choice(report, "text mask", "none", "SigLIP's");
    report_choice(report, "score", "sigmoid", "SigLIP's: each tag for itself, with logit_bias");
}

/* transformers has tanh-GELU by default, and computes what hidden_act says. */
static int read_tower(const struct json_at *at, struct config_tower *t) {
    const char *activation;
    *t = (struct config_tower){.width = 768, .hidden = 3072, .blocks = 12, .heads = 12, .epsilon = 1e-6f};
    return config_transformers_tower(at, "gelu_pytorch_tanh", t, &activation);
}

static int read_image(struct config *c, const struct json_at *at) {
    c->image_size = 224;
    c->patch_size = 16;
    int status = read_tower(at, &c->image);
    if (!status) status = config_expect_bool(at, "vision_use_head", true);
    return status ? status : config_transformers_image(at, c);
}

static int read_text(struct config *c, const struct json_at *at) {
    c->vocabulary = 32000;
    int status = read_tower(at, &c->text);
    c->text.tokens = 64;
    if (!status) status = json_u32(at, "max_position_embeddings", &c->text.tokens);
    if (!status) status = json_u32(at, "vocab_size", &c->vocabulary);
    c->embedding = c->text.width;
    if (!status) status = json_u32(at, "projection_size", &c->embedding);
    return status;
}

int config_siglip(struct config *config, const struct json_at *at, struct report *report) {
    struct json_at image, text;
    config_siglip_rules(config);
    int status = json_object(at, "vision_config", "vision_config.", &image);
    if (!status) status = json_object(at, "text_config", "text_config.", &text);
    if (!status) status = read_image(config, &image);
    if (!status) status = read_text(config, &text);
    if (status) return status;
    if (config->embedding != config->image.width)
        return log_fail(OCELLI_ERR_FILE, "%s: texts project to %u numbers, pictures have %u: correct it", at->file,
                        config->embedding, config->image.width);
    config_siglip_report(config, "model_type is siglip; hidden_act, or transformers' default", report);
    return OCELLI_OK;
}

int config_siglip_refuse(const char *file, const char *kind) {
    if (strcmp(kind, "siglip2") == 0)
        return config_unsupported(file, "SigLIP 2 NaFlex, whose pictures are of any shape: convert a SigLIP 2 of fixed "
                                        "resolution");
    return log_fail(OCELLI_ERR_FILE, "%s: model_type is '%s', one tower of SigLIP: give the folder with both", file,
                    kind);
}

/* ---- timm ---- */

/* timm 1.0, vision_transformer.py. The pictures' size ends the name. */
static const struct timm {
    const char *name;
    uint32_t patch, width, blocks, heads, hidden;
    enum config_activation activation;
} towers[] = {
    {"vit_base_patch32_siglip_256", 32, 768, 12, 12, 3072, CONFIG_GELU_TANH},
    {"vit_base_patch16_siglip_224", 16, 768, 12, 12, 3072, CONFIG_GELU},
    {"vit_base_patch16_siglip_256", 16, 768, 12, 12, 3072, CONFIG_GELU},
    {"vit_base_patch16_siglip_384", 16, 768, 12, 12, 3072, CONFIG_GELU},
    {"vit_base_patch16_siglip_512", 16, 768, 12, 12, 3072, CONFIG_GELU},
    {"vit_large_patch16_siglip_256", 16, 1024, 24, 16, 4096, CONFIG_GELU},
    {"vit_large_patch16_siglip_384", 16, 1024, 24, 16, 4096, CONFIG_GELU},
    {"vit_large_patch16_siglip_512", 16, 1024, 24, 16, 4096, CONFIG_GELU_TANH},
    {"vit_so400m_patch14_siglip_224", 14, 1152, 27, 16, 4304, CONFIG_GELU},
    {"vit_so400m_patch14_siglip_378", 14, 1152, 27, 16, 4304, CONFIG_GELU},
    {"vit_so400m_patch14_siglip_384", 14, 1152, 27, 16, 4304, CONFIG_GELU},
    {"vit_so400m_patch16_siglip_256", 16, 1152, 27, 16, 4304, CONFIG_GELU_TANH},
    {"vit_so400m_patch16_siglip_384", 16, 1152, 27, 16, 4304, CONFIG_GELU_TANH},
    {"vit_so400m_patch16_siglip_512", 16, 1152, 27, 16, 4304, CONFIG_GELU_TANH},
    {"vit_giantopt_patch16_siglip_256", 16, 1536, 40, 16, 6144, CONFIG_GELU_TANH},
    {"vit_giantopt_patch16_siglip_384", 16, 1536, 40, 16, 6144, CONFIG_GELU_TANH},
};

int config_siglip_timm(struct config *config, const struct json_at *at, const char *name) {
    const struct timm *t = towers, *end = towers + sizeof towers / sizeof towers[0];
    const char *pool = "", *projection = "";
    while (t < end && strcmp(t->name, name) != 0) t++;
    if (t == end)
        return log_fail(OCELLI_ERR_LIMIT,
                        "%s: not supported yet: the timm image tower '%s': convert a plain CLIP or a SigLIP", at->file,
                        name);
    int status = json_string(at, "timm_pool", &pool);
    if (!status) status = json_string(at, "timm_proj", &projection);
    if (status) return status;
    if (strcmp(pool, "map") != 0 || (*projection && strcmp(projection, "none") != 0))
        return log_fail(OCELLI_ERR_LIMIT, "%s: timm_pool '%s' and timm_proj '%s' of %s: supported are 'map' and 'none'",
                        at->file, pool, projection, name);
    config->image = (struct config_tower){.width = t->width,
                                          .hidden = t->hidden,
                                          .blocks = t->blocks,
                                          .heads = t->heads,
                                          .epsilon = 1e-6f,
                                          .activation = t->activation};
    config->patch_size = t->patch;
    config_siglip_rules(config);
    return OCELLI_OK;
}
