/* SPDX-License-Identifier: Apache-2.0
 * open_clip_config.json, as open_clip reads it: model_cfg and preprocess_cfg. Every key of the
 * model is looked at: one that is not known here could change what is computed. */
#include "base/log.h"
#include "convert/model/config.h"
#include "convert/model/config_siglip.h"
#include "convert/model/families.h"

#include <stdio.h>
#include <string.h>

/* The value that a key must hold so that the towers are plain CLIP. */
enum rule {
    READ, /* read below */
    ANY,  /* does not change the result */
    NO,   /* false, 0 or an empty object */
};

struct key {
    const char *name;
    enum rule rule;
    const char *text; /* the string it must be; NULL: see rule */
};

static const struct key model_keys[] = {
    {"embed_dim", READ, NULL},
    {"vision_cfg", READ, NULL},
    {"text_cfg", READ, NULL},
    {"quick_gelu", READ, NULL},
    {"custom_text", ANY, NULL},
    {"init_logit_scale", ANY, NULL},
    {"nonscalar_logit_scale", ANY, NULL},
    {"init_logit_bias", READ, NULL},
    {"mask_image", READ, NULL}, /* TinyCLIP: pruned, and so the sizes are those of the tensors */
    {"mask_text", READ, NULL},
    {"sparsity_warmup", ANY, NULL},
    {"sparsity", ANY, NULL},
    {"start_sparsity", ANY, NULL},
    {NULL, READ, NULL},
};

static const struct key image_keys[] = {
    {"image_size", READ, NULL},
    {"layers", READ, NULL},
    {"width", READ, NULL},
    {"patch_size", READ, NULL},
    {"head_width", READ, NULL},
    {"mlp_ratio", READ, NULL},
    {"act_kwargs", READ, NULL},
    {"norm_kwargs", READ, NULL},
    {"patch_dropout", ANY, NULL},
    {"output_tokens", ANY, NULL},
    {"pool_type", NO, "tok"},
    {"pos_embed_type", NO, "learnable"},
    {"ls_init_value", NO, NULL},
    {"no_ln_pre", NO, NULL},
    {"attentional_pool", NO, NULL},
    {"global_average_pool", NO, NULL},
    {"input_patchnorm", NO, NULL},
    {"final_ln_after_pool", NO, NULL},
    {"attn_pooler_queries", ANY, NULL},
    {"attn_pooler_heads", ANY, NULL},
    {"block_type", NO, "default"},
    {"qk_norm", NO, NULL},
    {"scaled_cosine_attn", NO, NULL},
    {"timm_model_pretrained", ANY, NULL},
    {"timm_pool", ANY, NULL},
    {"timm_proj", ANY, NULL},
    {"timm_model_name", READ, NULL},
    {"timm_proj_bias", NO, NULL},
    {"timm_drop", ANY, NULL},
    {"timm_drop_path", ANY, NULL},
    {NULL, READ, NULL},
};

static const struct key text_keys[] = {
    {"context_length", READ, NULL},
    {"vocab_size", READ, NULL},
    {"width", READ, NULL},
    {"heads", READ, NULL},
    {"layers", READ, NULL},
    {"mlp_ratio", READ, NULL},
    {"act_kwargs", READ, NULL},
    {"norm_kwargs", READ, NULL},
    {"hf_tokenizer_name", ANY, NULL},
    {"tokenizer_kwargs", READ, NULL},
    {"output_tokens", ANY, NULL},
    {"pad_id", ANY, NULL},
    {"pool_type", READ, NULL},
    {"proj_type", NO, "linear"},
    {"proj_bias", READ, NULL},
    {"embed_cls", NO, NULL},
    {"no_causal_mask", READ, NULL},
    {"final_ln_after_pool", NO, NULL},
    {"ls_init_value", NO, NULL},
    {"hf_model_pretrained", ANY, NULL},
    {"hf_proj_type", ANY, NULL},
    {"hf_pooler_type", ANY, NULL},
    {"block_type", NO, "default"},
    {"qk_norm", NO, NULL},
    {NULL, READ, NULL},
};

static bool is_nothing(const cJSON *item) {
    if (cJSON_IsObject(item)) return !item->child;
    if (cJSON_IsNumber(item)) return item->valuedouble == 0;
    return cJSON_IsNull(item) || cJSON_IsFalse(item);
}

static bool is_nothing_or_absent(const cJSON *item) {
    return !item || is_nothing(item);
}

static bool fits(const struct key *key, const cJSON *item) {
    if (key->rule != NO || is_nothing(item)) return true;
    return key->text && cJSON_IsString(item) && strcmp(item->valuestring, key->text) == 0;
}

static int check_keys(const struct json_at *at, const struct key *keys) {
    const cJSON *item;
    cJSON_ArrayForEach(item, at->object) {
        const struct key *key = keys;
        while (key->name && strcmp(key->name, item->string) != 0) key++;
        if (!key->name && !cJSON_IsNull(item))
            return log_fail(OCELLI_ERR_LIMIT, "%s: %s%s is not known here and may change the result: not supported",
                            at->file, at->where, item->string);
        if (key->name && !fits(key, item))
            return log_fail(OCELLI_ERR_LIMIT, "%s: %s%s has a value that is not supported: convert a plain CLIP",
                            at->file, at->where, item->string);
    }
    return OCELLI_OK;
}

/* One side of a number or of two equal ones. */
static int read_square(const struct json_at *at, const char *key, uint32_t *side) {
    const cJSON *item = json_get(at, key);
    if (!cJSON_IsArray(item)) return json_u32(at, key, side);
    uint64_t height, width;
    if (cJSON_GetArraySize(item) == 2 && json_whole(item->child, CONFIG_MAX_IMAGE, &height) &&
        json_whole(item->child->next, CONFIG_MAX_IMAGE, &width) && height == width) {
        *side = (uint32_t)height;
        return OCELLI_OK;
    }
    return log_fail(OCELLI_ERR_LIMIT, "%s: %s%s is not square: not supported", at->file, at->where, key);
}

/* act_kwargs {"approximate": "tanh"} and norm_kwargs {"eps": ...} go to torch's GELU and LayerNorm. */
static int read_kwargs(const struct json_at *at, struct config_tower *t) {
    struct json_at act, norm;
    const char *approximate = "none";
    int status = json_object(at, "act_kwargs", "act_kwargs.", &act);
    if (!status) status = json_object(at, "norm_kwargs", "norm_kwargs.", &norm);
    if (!status) status = json_string(&act, "approximate", &approximate);
    if (!status) status = json_float(&norm, "eps", &t->epsilon);
    if (status) return status;
    if (strcmp(approximate, "tanh") == 0 && t->activation == CONFIG_GELU) t->activation = CONFIG_GELU_TANH;
    return OCELLI_OK;
}

/* open_clip: int(width * mlp_ratio), in double. */
static int read_hidden(const struct json_at *at, struct config_tower *t) {
    float checked = 4;
    int status = json_float(at, "mlp_ratio", &checked);
    if (status) return status;
    const cJSON *item = json_get(at, "mlp_ratio");
    double hidden = t->width * (item ? item->valuedouble : 4.0);
    if (!(hidden >= 1 && hidden <= CONFIG_MAX_HIDDEN))
        return log_fail(OCELLI_ERR_LIMIT, "%s: %smlp_ratio %g of width %u is outside 1..%d", at->file, at->where,
                        checked, t->width, CONFIG_MAX_HIDDEN);
    t->hidden = (uint32_t)hidden;
    return OCELLI_OK;
}

static int read_timm(struct config *config, const struct json_at *at) {
    int status = check_keys(at, image_keys);
    if (!status) status = read_square(at, "image_size", &config->image_size);
    return status ? status : config_siglip_timm(config, at, json_get(at, "timm_model_name")->valuestring);
}

static int read_image(struct config *config, const struct json_at *at) {
    struct config_tower *t = &config->image;
    uint32_t head = 64;
    *t = (struct config_tower){.width = 768, .blocks = 12, .epsilon = 1e-5f, .activation = t->activation};
    config->image_size = 224;
    config->patch_size = 16;
    if (cJSON_IsArray(json_get(at, "layers"))) return families_refuse(at->file, "resnet");
    int status = check_keys(at, image_keys);
    if (!status) status = read_square(at, "image_size", &config->image_size);
    if (!status) status = read_square(at, "patch_size", &config->patch_size);
    if (!status) status = json_u32(at, "layers", &t->blocks);
    if (!status) status = json_u32(at, "width", &t->width);
    if (!status) status = json_u32(at, "head_width", &head);
    if (!status) status = read_hidden(at, t);
    if (!status) status = read_kwargs(at, t);
    if (status) return status;
    if (head == 0 || t->width % head)
        return log_fail(OCELLI_ERR_FILE, "%s: %swidth %u is not a multiple of head_width %u: correct it", at->file,
                        at->where, t->width, head);
    t->heads = t->width / head;
    return OCELLI_OK;
}

/* A text tower is CLIP's or SigLIP's, as the image tower is: no mixture is known. */
static int check_text_kind(const struct config *c, const struct json_at *at) {
    const char *pool = "argmax";
    bool bias = false, no_mask = false;
    int status = json_string(at, "pool_type", &pool);
    if (!status) status = json_flag(at, "proj_bias", &bias);
    if (!status) status = json_flag(at, "no_causal_mask", &no_mask);
    if (status) return status;
    bool last = strcmp(pool, "last") == 0;
    if ((last || strcmp(pool, "argmax") == 0) && last == c->attention_pool && bias == last && no_mask == last)
        return OCELLI_OK;
    return log_fail(OCELLI_ERR_LIMIT,
                    "%s: %spool_type '%s', proj_bias %s and no_causal_mask %s do not go with this image tower: convert "
                    "a plain CLIP or a SigLIP",
                    at->file, at->where, pool, bias ? "true" : "false", no_mask ? "true" : "false");
}

/* What open_clip does to a text before its tokenizer: for tokenizers of transformers, 'whitespace' unless told. */
static int read_clean(struct config *c, const struct json_at *at) {
    struct json_at arguments;
    const char *clean = "whitespace";
    int status = json_object(at, "tokenizer_kwargs", "tokenizer_kwargs.", &arguments);
    if (!status) status = json_string(&arguments, "clean", &clean);
    if (status) return status;
    if (!c->attention_pool && (!arguments.object || !arguments.object->child)) return OCELLI_OK;
    if (strcmp(clean, "canonicalize") == 0)
        c->clean = "open_clip canonicalize";
    else if (strcmp(clean, "whitespace") == 0)
        c->clean = "open_clip whitespace";
    else if (strcmp(clean, "lower") == 0)
        c->clean = "open_clip lower";
    const cJSON *item;
    cJSON_ArrayForEach(item, arguments.object) if (strcmp(item->string, "clean") != 0) c->clean = NULL;
    if (c->clean && c->attention_pool) return OCELLI_OK;
    return log_fail(OCELLI_ERR_LIMIT, "%s: %stokenizer_kwargs has a value that is not supported: convert a plain CLIP",
                    at->file, at->where);
}

/* timm's vit_base_mci_224, the image tower of MobileCLIP-B and MobileCLIP2-B; sizes.c has the rest of its sizes. */
static int read_mobileclip(struct config *config, const struct json_at *at) {
    static const struct key keys[] = {
        {"timm_model_name", READ, NULL},
        {"image_size", READ, NULL},
        {"timm_model_pretrained", ANY, NULL},
        {"timm_pool", NO, "token"},
        {"timm_proj", NO, ""},
        {"timm_proj_bias", NO, NULL},
        {"timm_drop", ANY, NULL},
        {"timm_drop_path", ANY, NULL},
        {"timm_model_kwargs", NO, NULL},
        {NULL, READ, NULL},
    };
    config->family = "MobileCLIP-B";
    config->image = (struct config_tower){.width = 768,
                                          .hidden = 3072,
                                          .blocks = 12,
                                          .heads = 12,
                                          .epsilon = 1e-6f, /* timm's */
                                          .activation = CONFIG_GELU};
    config->text.activation = CONFIG_GELU;
    config->image_size = 224;
    config->patch_size = 16;
    config->stem = 192;
    config->no_pre_norm = true;
    config->most_scale = 100;
    int status = check_keys(at, keys);
    return status ? status : read_square(at, "image_size", &config->image_size);
}

static int read_image_tower(struct config *config, const struct json_at *at) {
    const char *timm = NULL;
    int status = json_string(at, "timm_model_name", &timm);
    if (status || !timm) return status ? status : read_image(config, at);
    if (strncmp(timm, "vit_base_mci_224", 16) == 0) return read_mobileclip(config, at);
    return strstr(timm, "siglip") ? read_timm(config, at) : families_refuse(at->file, timm);
}

static int read_text(struct config *c, const struct json_at *at) {
    struct config_tower *t = &c->text;
    *t = (struct config_tower){
        .width = 512, .blocks = 12, .heads = 8, .tokens = 77, .epsilon = 1e-5f, .activation = t->activation};
    c->vocabulary = 49408;
    const char *other = NULL;
    int status = json_string(at, "hf_model_name", &other);
    if (!status && other) status = families_refuse(at->file, other);
    if (status) return status;
    status = check_keys(at, text_keys);
    if (!status) status = check_text_kind(c, at);
    if (!status) status = read_clean(c, at);
    if (!status) status = json_u32(at, "context_length", &t->tokens);
    if (!status) status = json_u32(at, "vocab_size", &c->vocabulary);
    if (!status) status = json_u32(at, "width", &t->width);
    if (!status) status = json_u32(at, "heads", &t->heads);
    if (!status) status = json_u32(at, "layers", &t->blocks);
    if (!status) status = read_hidden(at, t);
    return status ? status : read_kwargs(at, t);
}

static int either(const struct json_at *at, const char *key, const char *no, const char *yes, bool *value) {
    const char *word = NULL;
    int status = json_string(at, key, &word);
    if (status) return status;
    if (!word) return OCELLI_OK;
    *value = strcmp(word, yes) == 0;
    if (*value || strcmp(word, no) == 0) return OCELLI_OK;
    return log_fail(OCELLI_ERR_LIMIT, "%s: %s%s is '%s': supported are %s and %s", at->file, at->where, key, word, no,
                    yes);
}

static void report_prep(const struct json_at *at, const char *what, const char *value, const char *key,
                        struct report *r) {
    const char *absent = json_get(at, key) ? "" : " is absent: open_clip's for this family";
    report_choice(r, what, value, "preprocess_cfg.%s%s", key, absent);
}

static int read_prep(struct config *config, const struct json_at *at, struct report *report) {
    uint32_t size = config->image_size;
    const char *mode = "RGB";
    memcpy(config->mean, config_openai_mean, sizeof config->mean);
    memcpy(config->std, config_openai_std, sizeof config->std);
    if (config->stem) { /* open_clip's table has these for MobileCLIP-B */
        for (int i = 0; i < 3; i++) config->mean[i] = 0, config->std[i] = 1;
        config->bilinear = true;
    }
    int status = either(at, "resize_mode", "shortest", "squash", &config->squash);
    if (!status) status = either(at, "interpolation", "bicubic", "bilinear", &config->bilinear);
    if (!status) status = json_floats3(at, "mean", config->mean);
    if (!status) status = json_floats3(at, "std", config->std);
    if (!status) status = config_check_std(config, at->file);
    if (!status) status = read_square(at, "size", &size);
    if (!status) status = json_string(at, "mode", &mode);
    if (status) return status;
    if (size != config->image_size || strcmp(mode, "RGB") != 0)
        return log_fail(OCELLI_ERR_LIMIT, "%s: %ssize %u or mode %s differs from the model's %u pixels of RGB",
                        at->file, at->where, size, mode, config->image_size);
    report_prep(at, "resize", config->squash ? "squash" : "crop", "resize_mode", report);
    report_prep(at, "filter", config->bilinear ? "bilinear" : "bicubic", "interpolation", report);
    bool both = json_get(at, "mean") && json_get(at, "std");
    config_report_normalisation(
        config, both ? "preprocess_cfg.mean and std" : "partly absent in preprocess_cfg: open_clip's for this family",
        report);
    return OCELLI_OK;
}

static int read_model(struct config *config, const struct json_at *model, struct report *report) {
    struct json_at image, text;
    bool quick = false;
    if (json_get(model, "multimodal_cfg")) return families_refuse(model->file, "coca");
    int status = check_keys(model, model_keys);
    if (!status) status = json_u32(model, "embed_dim", &config->embedding);
    if (!status) status = json_flag(model, "quick_gelu", &quick);
    if (!status) status = json_object(model, "vision_cfg", "vision_cfg.", &image);
    if (!status) status = json_object(model, "text_cfg", "text_cfg.", &text);
    if (status) return status;
    config->image.activation = config->text.activation = quick ? CONFIG_QUICK_GELU : CONFIG_GELU;
    bool pruned_image = false, pruned_text = false;
    status = json_flag(model, "mask_image", &pruned_image);
    if (!status) status = json_flag(model, "mask_text", &pruned_text);
    if (!status) status = read_image_tower(config, &image);
    if (!status) status = read_text(config, &text);
    if (status) return status;
    config->image.pruned = pruned_image, config->text.pruned = pruned_text;
    if (pruned_image || pruned_text) config->family = "TinyCLIP, pruned";
    if (config->attention_pool && (config->embedding != config->image.width || quick))
        return log_fail(OCELLI_ERR_FILE, "%s: embed_dim %u%s does not go with the image tower: correct it", model->file,
                        config->embedding, quick ? " and quick_gelu" : "");
    if (!config->attention_pool && !is_nothing_or_absent(json_get(model, "init_logit_bias")))
        return config_unsupported(model->file, "init_logit_bias of a CLIP that is no SigLIP");
    if (config->attention_pool) {
        config_siglip_report(config, "timm_model_name, and text_cfg.act_kwargs", report);
        return OCELLI_OK;
    }
    const char *why = config->stem                    ? "timm's vit_base_mci_224: GELU"
                      : json_get(model, "quick_gelu") ? "model_cfg.quick_gelu"
                                                      : "model_cfg.quick_gelu is absent: GELU";
    config_report_activations(config, why, report);
    report_choice(report, "image pooling", "class token", "open_clip's pool_type 'tok'");
    report_choice(report, "text pooling", "largest id", "open_clip's pool_type 'argmax'");
    report_choice(report, "text mask", "causal", "no_causal_mask is not set");
    return OCELLI_OK;
}

int config_open_clip(struct config *config, const cJSON *root, const char *file, struct report *report) {
    *config = (struct config){.file = file, .pool = CONFIG_POOL_LARGEST};
    struct json_at at = {.file = file, .where = "", .object = root}, model, prep;
    int status = json_object(&at, "model_cfg", "model_cfg.", &model);
    if (!status) status = json_object(&at, "preprocess_cfg", "preprocess_cfg.", &prep);
    if (status) return status;
    if (!model.object) model = at; /* a file of open_clip's own model_configs/ */
    if (!json_get(&model, "embed_dim") || !json_get(&model, "vision_cfg") || !json_get(&model, "text_cfg"))
        return log_fail(OCELLI_ERR_FILE, "%s: no embed_dim, vision_cfg and text_cfg: not a CLIP of open_clip", file);
    status = read_model(config, &model, report);
    return status ? status : read_prep(config, &prep, report);
}
