/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/config_open_clip.h"
#include "base/log.h"
#include "convert/json.h"

#include <math.h>
#include <string.h>

/* What this reader would get wrong: named, not guessed. */
static int refuse(const cJSON *vision, const cJSON *text, const char *file) {
    static const char *const vision_keys[] = {"timm_model_name", "attentional_pool", "global_average_pool"};
    static const char *const text_keys[] = {"hf_model_name", "hf_tokenizer_name", "no_causal_mask"};
    for (size_t i = 0; i < 3; i++) {
        const cJSON *v = json_get(vision, vision_keys[i]), *t = json_get(text, text_keys[i]);
        if (v && !cJSON_IsFalse(v))
            return log_fail(OCELLI_ERR_FILE, "%s: vision_cfg.%s: image towers of this kind are not supported yet: use a plain ViT", file, vision_keys[i]);
        if (t && !cJSON_IsFalse(t))
            return log_fail(OCELLI_ERR_FILE, "%s: text_cfg.%s: text towers of this kind are not supported yet: use CLIP's own", file, text_keys[i]);
    }
    if (cJSON_IsArray(json_get(vision, "layers")))
        return log_fail(OCELLI_ERR_FILE, "%s: a ResNet image tower is not supported: use a ViT", file);
    return OCELLI_OK;
}

static int read_tower(struct tower_config *t, const cJSON *json, uint32_t heads, const char *file) {
    double ratio;
    int status = json_u32(json, "width", 0, &t->width, file);
    if (!status) status = json_u32(json, "layers", 0, &t->blocks, file);
    if (!status) status = json_float(json, "mlp_ratio", 4, &ratio, file);
    if (status) return status;
    t->heads = heads;
    t->hidden = ratio > 0 && ratio < 64 ? (uint32_t)(t->width * ratio) : 0;
    t->epsilon = 1e-5; /* torch.nn.LayerNorm's, which open_clip leaves as it is */
    return OCELLI_OK;
}

static int read_model(struct model_config *c, const cJSON *model, const char *file) {
    const cJSON *vision = json_get(model, "vision_cfg"), *text = json_get(model, "text_cfg"), *quick = json_get(model, "quick_gelu");
    int status = refuse(vision, text, file);
    uint32_t head, heads, width;
    if (!status) status = json_u32(vision, "head_width", 64, &head, file);
    if (!status) status = json_u32(vision, "width", 0, &width, file);
    if (!status) status = json_u32(text, "heads", 8, &heads, file);
    if (!status && (!head || width % head)) status = log_fail(OCELLI_ERR_FILE, "%s: head_width %u does not divide width %u", file, head, width);
    if (!status) status = read_tower(&c->image, vision, width / head, file);
    if (!status) status = read_tower(&c->text, text, heads, file);
    if (!status) status = json_u32(vision, "image_size", 224, &c->image_size, file);
    if (!status) status = json_u32(vision, "patch_size", 0, &c->patch_size, file);
    if (!status) status = json_u32(text, "context_length", 77, &c->context, file);
    if (!status) status = json_u32(text, "vocab_size", 49408, &c->vocabulary, file);
    if (!status) status = json_u32(model, "embed_dim", 0, &c->embedding, file);
    c->image.activation = c->text.activation = cJSON_IsTrue(quick) ? "quick_gelu" : "gelu";
    c->activation_why = quick ? "quick_gelu of open_clip_config.json" : "no quick_gelu in open_clip_config.json: GELU, open_clip's default";
    c->pooling_why = "open_clip pools at the largest id, which is the end mark";
    c->end_is_largest = true;
    return status;
}

static void triple(const cJSON *json, const char *key, const double fallback[3], double out[3]) {
    const cJSON *array = json_get(json, key);
    for (int i = 0; i < 3; i++) {
        const cJSON *item = cJSON_GetArraySize(array) == 3 ? cJSON_GetArrayItem(array, i) : NULL;
        out[i] = cJSON_IsNumber(item) && isfinite(item->valuedouble) ? item->valuedouble : fallback[i];
    }
}

static int read_preprocess(struct model_config *c, const cJSON *prep, const char *file) {
    static const double mean[3] = {0.48145466, 0.4578275, 0.40821073}, std[3] = {0.26862954, 0.26130258, 0.27577711};
    const char *filter = json_string(prep, "interpolation"), *resize = json_string(prep, "resize_mode");
    triple(prep, "mean", mean, c->mean);
    triple(prep, "std", std, c->std);
    if (!filter) filter = "bicubic";
    if (!resize) resize = "shortest";
    if (strcmp(filter, "bicubic") != 0 && strcmp(filter, "bilinear") != 0)
        return log_fail(OCELLI_ERR_FILE, "%s: interpolation '%s' is not known: bicubic or bilinear", file, filter);
    if (strcmp(resize, "shortest") != 0 && strcmp(resize, "squash") != 0)
        return log_fail(OCELLI_ERR_FILE, "%s: resize_mode '%s' is not known: shortest or squash", file, resize);
    c->filter = strcmp(filter, "bilinear") == 0 ? "bilinear" : "bicubic";
    c->resize = strcmp(resize, "squash") == 0 ? "squash" : "crop";
    c->prep_why = prep ? "preprocess_cfg of open_clip_config.json (absent keys: open_clip's defaults)"
                       : "no preprocess_cfg: open_clip's defaults (OPENAI mean and std, bicubic, short side, centre crop)";
    return OCELLI_OK;
}

int config_open_clip(struct model_config *c, const cJSON *json, const char *file) {
    const cJSON *model = json_get(json, "model_cfg");
    if (!cJSON_IsObject(json_get(model, "vision_cfg")) || !cJSON_IsObject(json_get(model, "text_cfg")))
        return log_fail(OCELLI_ERR_FILE, "%s: no model_cfg with vision_cfg and text_cfg: not an open_clip checkpoint", file);
    int status = read_model(c, model, file);
    return status ? status : read_preprocess(c, json_get(json, "preprocess_cfg"), file);
}
