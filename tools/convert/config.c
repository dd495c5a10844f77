/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/config.h"
#include "base/log.h"
#include "convert/config_open_clip.h"
#include "convert/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The runtime's limits, so that a blob it would refuse is never written. */
enum { MAX_WIDTH = 4096, MAX_HIDDEN = 16384, MAX_BLOCKS = 64, MAX_HEAD = 128, MAX_IMAGE = 1024, MAX_TOKENS = 896, MAX_VOCABULARY = 300000 };

static int activation(const cJSON *tower, const char **out, const char *file) {
    const char *name = json_string(tower, "hidden_act");
    if (!name) name = "quick_gelu"; /* the default of transformers' CLIPConfig */
    if (strcmp(name, "quick_gelu") == 0)
        *out = "quick_gelu";
    else if (strcmp(name, "gelu") == 0)
        *out = "gelu";
    else if (strcmp(name, "gelu_new") == 0 || strcmp(name, "gelu_pytorch_tanh") == 0)
        *out = "gelu_tanh";
    else
        return log_fail(OCELLI_ERR_FILE, "%s: hidden_act '%s' is not known: quick_gelu, gelu, gelu_new or gelu_pytorch_tanh", file, name);
    return OCELLI_OK;
}

static int tower(const cJSON *json, struct tower_config *t, const struct tower_config *fallback, const char *file) {
    int status = json_u32(json, "hidden_size", fallback->width, &t->width, file);
    if (!status) status = json_u32(json, "intermediate_size", fallback->hidden, &t->hidden, file);
    if (!status) status = json_u32(json, "num_hidden_layers", fallback->blocks, &t->blocks, file);
    if (!status) status = json_u32(json, "num_attention_heads", fallback->heads, &t->heads, file);
    if (!status) status = json_float(json, "layer_norm_eps", 1e-5, &t->epsilon, file);
    return status ? status : activation(json, &t->activation, file);
}

/* transformers leaves out what equals the default of CLIPConfig. */
static int read_transformers(struct model_config *c, const cJSON *json, const char *file) {
    static const struct tower_config image = {.width = 768, .hidden = 3072, .blocks = 12, .heads = 12};
    static const struct tower_config text = {.width = 512, .hidden = 2048, .blocks = 12, .heads = 8};
    const cJSON *v = json_get(json, "vision_config"), *t = json_get(json, "text_config");
    if (!v && !t) v = json_get(json, "vision_config_dict"), t = json_get(json, "text_config_dict");
    int status = tower(v, &c->image, &image, file);
    if (!status) status = tower(t, &c->text, &text, file);
    if (!status) status = json_u32(v, "image_size", 224, &c->image_size, file);
    if (!status) status = json_u32(v, "patch_size", 32, &c->patch_size, file);
    if (!status) status = json_u32(t, "max_position_embeddings", 77, &c->context, file);
    if (!status) status = json_u32(t, "vocab_size", 49408, &c->vocabulary, file);
    if (!status) status = json_u32(json, "projection_dim", 512, &c->embedding, file);
    if (!status) status = json_u32(t, "eos_token_id", 49407, &c->end_id, file);
    c->has_end_id = true;
    c->end_is_largest = c->end_id == 2;
    c->activation_why = "hidden_act of config.json (absent: quick_gelu, transformers' default)";
    c->pooling_why = c->end_is_largest ? "eos_token_id 2 of an old config.json: the row of the largest id, which is the end mark"
                                       : "eos_token_id of config.json: the row of the first end mark";
    const char *name = json_string(json, "_name_or_path");
    if (name) snprintf(c->name, sizeof c->name, "%s", strrchr(name, '/') ? strrchr(name, '/') + 1 : name);
    return status;
}

static int refuse(const cJSON *json, const char *file) {
    const char *type = json_string(json, "model_type");
    if (type && strcmp(type, "clip") == 0) return OCELLI_OK;
    if (type && strncmp(type, "siglip", 6) == 0)
        return log_fail(OCELLI_ERR_FILE, "%s: SigLIP is not supported yet: use a CLIP checkpoint (OpenAI, OpenCLIP, MetaCLIP, DFN)", file);
    return log_fail(OCELLI_ERR_FILE, "%s: model_type is '%s', not clip: not a CLIP checkpoint", file, type ? type : "missing");
}

static int triple(const cJSON *json, const char *key, double out[3], const char *file) {
    const cJSON *array = json_get(json, key);
    if (cJSON_GetArraySize(array) != 3) return log_fail(OCELLI_ERR_FILE, "%s: %s is not three numbers", file, key);
    for (int i = 0; i < 3; i++) {
        const cJSON *item = cJSON_GetArrayItem(array, i);
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble)) return log_fail(OCELLI_ERR_FILE, "%s: %s is not three numbers", file, key);
        out[i] = item->valuedouble;
    }
    return OCELLI_OK;
}

/* size: a number or {"shortest_edge"}: crop; {"height","width"}: squash. */
static int resize_rule(struct model_config *c, const cJSON *json, const char *file) {
    const cJSON *size = json_get(json, "size"), *crop = json_get(json, "do_center_crop");
    uint32_t pixels = 0, height = 0;
    int status = OCELLI_OK;
    c->resize = "crop";
    if (cJSON_IsNumber(size)) {
        status = json_u32(json, "size", 0, &pixels, file);
    } else if (json_get(size, "shortest_edge")) {
        status = json_u32(size, "shortest_edge", 0, &pixels, file);
    } else {
        status = json_u32(size, "width", 0, &pixels, file);
        if (!status) status = json_u32(size, "height", 0, &height, file);
        if (!status && pixels != height) return log_fail(OCELLI_ERR_FILE, "%s: size is %ux%u, not square", file, pixels, height);
        c->resize = "squash";
    }
    if (status) return status;
    if (pixels != c->image_size)
        return log_fail(OCELLI_ERR_FILE, "%s: size is %u, but the model sees %u pixels", file, pixels, c->image_size);
    if (strcmp(c->resize, "crop") == 0 && crop && !cJSON_IsTrue(crop))
        return log_fail(OCELLI_ERR_FILE, "%s: short side resized without do_center_crop: pictures would not be square", file);
    return OCELLI_OK;
}

static int read_preprocessor(struct model_config *c, struct folder *folder) {
    cJSON *json;
    const char *file;
    if (!folder_has(folder, "preprocessor_config.json"))
        return log_fail(OCELLI_ERR_FILE, "%s/preprocessor_config.json: missing; it says how pictures are resized and normalised, "
                                         "which differs between checkpoints: download it too", folder->path);
    int status = folder_json(folder, "preprocessor_config.json", &json, &file);
    if (status) return status;
    uint32_t resample;
    status = resize_rule(c, json, file);
    if (!status) status = json_u32(json, "resample", 3, &resample, file);
    if (!status && resample != 2 && resample != 3)
        status = log_fail(OCELLI_ERR_FILE, "%s: resample %u is not known: 2 (bilinear) or 3 (bicubic)", file, resample);
    if (!status) status = triple(json, "image_mean", c->mean, file);
    if (!status) status = triple(json, "image_std", c->std, file);
    c->filter = !status && resample == 2 ? "bilinear" : "bicubic";
    c->prep_why = "preprocessor_config.json";
    cJSON_Delete(json);
    return status;
}

static int check_tower(const struct tower_config *t, const char *name, const char *path) {
    if (!t->width || !t->hidden || !t->blocks || !t->heads || !(t->epsilon > 0 && t->epsilon < 1))
        return log_fail(OCELLI_ERR_FILE, "%s: a size of the %s tower is 0", path, name);
    if (t->width % t->heads)
        return log_fail(OCELLI_ERR_FILE, "%s: width %u of the %s tower is not a multiple of its %u heads", path, t->width, name, t->heads);
    if (t->width > MAX_WIDTH || t->hidden > MAX_HIDDEN || t->blocks > MAX_BLOCKS)
        return log_fail(OCELLI_ERR_LIMIT, "%s: the %s tower is %u wide, %u hidden, %u blocks; at most %d, %d, %d", path, name,
                        t->width, t->hidden, t->blocks, MAX_WIDTH, MAX_HIDDEN, MAX_BLOCKS);
    if (t->width / t->heads > MAX_HEAD || t->width / t->heads % 4)
        return log_fail(OCELLI_ERR_LIMIT, "%s: heads of the %s tower are %u wide; multiples of 4 up to %d can be run", path, name,
                        t->width / t->heads, MAX_HEAD);
    return OCELLI_OK;
}

static int check(const struct model_config *c, const char *path) {
    int status = check_tower(&c->image, "image", path);
    if (!status) status = check_tower(&c->text, "text", path);
    if (status) return status;
    if (!c->patch_size || c->image_size < c->patch_size || c->image_size % c->patch_size)
        return log_fail(OCELLI_ERR_FILE, "%s: image size %u is not a multiple of patch size %u", path, c->image_size, c->patch_size);
    if (c->context < 2 || !c->vocabulary || !c->embedding)
        return log_fail(OCELLI_ERR_FILE, "%s: context, vocabulary or projection size is 0", path);
    uint32_t side = c->image_size / c->patch_size;
    if (c->image_size > MAX_IMAGE || (uint64_t)side * side + 1 > MAX_TOKENS || c->context > MAX_TOKENS ||
        c->vocabulary > MAX_VOCABULARY || c->embedding > MAX_WIDTH)
        return log_fail(OCELLI_ERR_LIMIT, "%s: %u pixels, %u patches, context %u, vocabulary %u, embedding %u; at most %d, %d, %d, %d, %d",
                        path, c->image_size, side * side, c->context, c->vocabulary, c->embedding, MAX_IMAGE, MAX_TOKENS - 1,
                        MAX_TOKENS, MAX_VOCABULARY, MAX_WIDTH);
    for (int i = 0; i < 3; i++)
        if (!(c->std[i] > 0)) return log_fail(OCELLI_ERR_FILE, "%s: image_std %g cannot be divided by", path, c->std[i]);
    return OCELLI_OK;
}

int config_read(struct model_config *c, struct folder *folder) {
    *c = (struct model_config){0};
    bool open_clip = folder_has(folder, "open_clip_config.json") &&
                     (folder_has(folder, "open_clip_model.safetensors") || !folder_has(folder, "config.json"));
    const char *name = open_clip ? "open_clip_config.json" : "config.json", *file;
    if (!folder_has(folder, name))
        return log_fail(OCELLI_ERR_FILE, "%s: neither config.json nor open_clip_config.json in it: give a CLIP checkpoint's folder", folder->path);
    cJSON *json;
    int status = folder_json(folder, name, &json, &file);
    if (status) return status;
    c->layout = open_clip ? LAYOUT_OPEN_CLIP : LAYOUT_TRANSFORMERS;
    if (open_clip) {
        status = config_open_clip(c, json, file);
    } else {
        status = refuse(json, file);
        if (!status) status = read_transformers(c, json, file);
        if (!status) status = read_preprocessor(c, folder);
    }
    cJSON_Delete(json);
    if (!status && !c->name[0]) {
        const char *last = strrchr(folder->path, '/');
        snprintf(c->name, sizeof c->name, "%s", last && last[1] ? last + 1 : folder->path);
    }
    return status ? status : check(c, folder->path);
}
