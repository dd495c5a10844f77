/* SPDX-License-Identifier: Apache-2.0
 * preprocessor_config.json of a transformers folder, or what transformers 5 has of it in processor_config.json, as
 * CLIPImageProcessor reads it. */
#include "base/log.h"
#include "convert/model/config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PIL_BILINEAR = 2, PIL_BICUBIC = 3 };

static const char *file_name(const struct json_at *at) {
    const char *slash = strrchr(at->file, '/');
    return slash ? slash + 1 : at->file;
}

/* "size" and "crop_size": a number, {"shortest_edge"}, or {"height", "width"}. */
struct size {
    uint32_t side;
    bool square; /* both sides given */
};

static int read_size(const struct json_at *at, const char *key, struct size *size) {
    const cJSON *item = json_get(at, key);
    if (!item) return OCELLI_OK;
    struct json_at inside = {.file = at->file, .where = key, .object = item};
    if (cJSON_IsNumber(item)) return json_u32(at, key, &size->side);
    uint32_t shortest = 0, height = 0, width = 0;
    int status = json_u32(&inside, "shortest_edge", &shortest);
    if (!status) status = json_u32(&inside, "height", &height);
    if (!status) status = json_u32(&inside, "width", &width);
    if (status) return status;
    *size = (struct size){.side = shortest ? shortest : height, .square = !shortest};
    if (size->side > 0 && (shortest ? !height && !width : height == width)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_LIMIT, "%s: %s is neither shortest_edge nor equal height and width: not supported",
                    at->file, key);
}

/* SiglipImageProcessor never crops. */
static bool is_siglip(const char *processor) {
    return strncmp(processor, "Siglip", 6) == 0;
}

/* CLIPImageProcessor's defaults hold only where the file is one of its own. */
static int check_class(const struct json_at *at) {
    static const char *const needed[] = {"size", "image_mean", "image_std", "resample", "do_center_crop"};
    const char *name = NULL, *feature = NULL;
    int status = json_string(at, "image_processor_type", &name);
    if (!status) status = json_string(at, "feature_extractor_type", &feature);
    if (!name) name = feature;
    if (status || !name || strncmp(name, "CLIP", 4) == 0) return status;
    size_t count = sizeof needed / sizeof needed[0] - is_siglip(name);
    for (size_t i = 0; i < count; i++)
        if (!json_get(at, needed[i]))
            return log_fail(OCELLI_ERR_FILE, "%s: %s is absent and the default of %s is not known here: add it",
                            at->file, needed[i], name);
    return OCELLI_OK;
}

static int read_resize(struct config *config, const struct json_at *at, struct report *report) {
    struct size size = {.side = 224}, crop = {.side = 224};
    const char *name = "";
    bool centre = true;
    int status = config_expect_bool(at, "do_resize", true);
    if (!status) status = json_string(at, "image_processor_type", &name);
    if (is_siglip(name)) centre = false;
    if (!status) status = json_flag(at, "do_center_crop", &centre);
    if (!status) status = read_size(at, "size", &size);
    if (!status) status = read_size(at, "crop_size", &crop);
    if (status) return status;
    if (size.side != config->image_size || (centre && crop.side != config->image_size))
        return log_fail(OCELLI_ERR_LIMIT, "%s: size %u, crop_size %u: only the model's %u for both is supported",
                        at->file, size.side, crop.side, config->image_size);
    if (!size.square && !centre)
        return log_fail(OCELLI_ERR_LIMIT, "%s: a short side without do_center_crop is not square: not supported",
                        at->file);
    config->squash = size.square;
    report_choice(report, "resize", config->squash ? "squash" : "crop", "size in %s%s", file_name(at),
                  json_get(at, "size") ? "" : " is absent: CLIPImageProcessor's default");
    return OCELLI_OK;
}

static int read_filter(struct config *c, const struct json_at *at, struct report *r) {
    uint32_t filter = PIL_BICUBIC;
    int status = json_u32(at, "resample", &filter);
    if (status) return status;
    if (filter != PIL_BICUBIC && filter != PIL_BILINEAR)
        return log_fail(OCELLI_ERR_LIMIT, "%s: resample is %u: supported are 3 (bicubic) and 2 (bilinear)", at->file,
                        filter);
    c->bilinear = filter == PIL_BILINEAR;
    report_choice(r, "filter", c->bilinear ? "bilinear" : "bicubic", "resample in %s%s", file_name(at),
                  json_get(at, "resample") ? "" : " is absent: CLIPImageProcessor's default");
    return OCELLI_OK;
}

/* v * rescale_factor, then (x - mean) / std; the blob knows 1/255 only. */
static int read_rescale(const struct json_at *at) {
    float factor = 1 / 255.0f;
    int status = config_expect_bool(at, "do_rescale", true);
    if (!status) status = json_float(at, "rescale_factor", &factor);
    if (!status && fabsf(factor * 255 - 1) > 1e-4f)
        status = log_fail(OCELLI_ERR_LIMIT, "%s: rescale_factor is %g: only 1/255 is supported", at->file, factor);
    return status;
}

static int read_normal(struct config *config, const struct json_at *at, struct report *report) {
    bool normalize = true;
    int status = json_flag(at, "do_normalize", &normalize);
    memcpy(config->mean, config_openai_mean, sizeof config->mean);
    memcpy(config->std, config_openai_std, sizeof config->std);
    if (!status) status = json_floats3(at, "image_mean", config->mean);
    if (!status) status = json_floats3(at, "image_std", config->std);
    for (int i = 0; i < 3 && !normalize; i++) config->mean[i] = 0, config->std[i] = 1;
    if (!status) status = config_check_std(config, at->file);
    if (status) return status;
    char value[CONFIG_NORMALISATION_SIZE];
    config_print_normalisation(config, value);
    bool both = json_get(at, "image_mean") && json_get(at, "image_std");
    report_choice(report, "normalisation", value, "%s in %s%s",
                  !normalize ? "do_normalize is false" : "image_mean and image_std", file_name(at),
                  both || !normalize ? "" : ", partly absent: CLIPImageProcessor's default");
    return OCELLI_OK;
}

int config_preprocessor(struct config *config, const cJSON *root, const char *file, struct report *report) {
    struct json_at at = {.file = file, .where = "", .object = root};
    int status = check_class(&at);
    if (!status) status = read_resize(config, &at, report);
    if (!status) status = read_filter(config, &at, report);
    if (!status) status = read_rescale(&at);
    return status ? status : read_normal(config, &at, report);
}
