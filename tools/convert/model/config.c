/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/model/config.h"
#include "base/log.h"

#include <stdio.h>

/* From the original CLIP's training set. Both toolkits take them if the configuration has no others. */
const float config_openai_mean[3] = {0.48145466f, 0.4578275f, 0.40821073f};
const float config_openai_std[3] = {0.26862954f, 0.26130258f, 0.27577711f};

const char *config_activation_name(enum config_activation activation) {
    static const char *const names[] = {"quick_gelu", "gelu", "gelu_tanh"};
    return names[activation];
}

void config_report_activations(const struct config *config, const char *why, struct report *report) {
    report_choice(report, "image activation", config_activation_name(config->image.activation), "%s", why);
    report_choice(report, "text activation", config_activation_name(config->text.activation), "%s", why);
}

void config_print_normalisation(const struct config *config, char text[CONFIG_NORMALISATION_SIZE]) {
    const float *m = config->mean, *s = config->std;
    snprintf(text, CONFIG_NORMALISATION_SIZE, "mean %g %g %g std %g %g %g", m[0], m[1], m[2], s[0], s[1], s[2]);
}

void config_report_normalisation(const struct config *config, const char *why, struct report *report) {
    char value[CONFIG_NORMALISATION_SIZE];
    config_print_normalisation(config, value);
    report_choice(report, "normalisation", value, "%s", why);
}

int config_unsupported(const char *file, const char *what) {
    return log_fail(OCELLI_ERR_LIMIT, "%s: not supported yet: %s", file, what);
}

int config_expect_bool(const struct json_at *at, const char *key, bool expected) {
    bool value = expected;
    int status = json_flag(at, key, &value);
    if (status || value == expected) return status;
    return log_fail(OCELLI_ERR_LIMIT, "%s: %s%s is %s: not supported yet, convert a model without it", at->file,
                    at->where, key, value ? "true" : "false");
}

static int within(const struct config *c, const char *tower, const char *what, uint32_t value, uint32_t most) {
    if (value == 0) return log_fail(OCELLI_ERR_FILE, "%s: %s %s is 0: correct it", c->file, tower, what);
    if (value <= most) return OCELLI_OK;
    return log_fail(OCELLI_ERR_LIMIT, "%s: %s %s is %u, the limit is %u: choose a smaller model", c->file, tower, what,
                    value, most);
}

static int check_tower(const struct config *config, const struct config_tower *tower, const char *name) {
    int status = within(config, name, "width", tower->width, CONFIG_MAX_WIDTH);
    if (!status) status = within(config, name, "hidden width", tower->hidden, CONFIG_MAX_HIDDEN);
    if (!status) status = within(config, name, "number of layers", tower->blocks, CONFIG_MAX_BLOCKS);
    if (!status) status = within(config, name, "number of heads", tower->heads, tower->width);
    if (status) return status;
    if (tower->width % tower->heads)
        return log_fail(OCELLI_ERR_FILE, "%s: %s width %u is not a multiple of %u heads: correct it", config->file,
                        name, tower->width, tower->heads);
    if (tower->width / tower->heads > CONFIG_MAX_HEAD || tower->width / tower->heads % 4)
        return log_fail(OCELLI_ERR_LIMIT, "%s: %s heads are %u wide, supported are multiples of 4 up to %d",
                        config->file, name, tower->width / tower->heads, CONFIG_MAX_HEAD);
    if (!(tower->epsilon > 0 && tower->epsilon < 1))
        return log_fail(OCELLI_ERR_FILE, "%s: %s layer norm epsilon is %g: correct it", config->file, name,
                        tower->epsilon);
    return OCELLI_OK;
}

static int check_image(struct config *c) {
    int status = within(c, "image", "size", c->image_size, CONFIG_MAX_IMAGE);
    if (!status) status = within(c, "image", "patch size", c->patch_size, c->image_size);
    if (status) return status;
    if (c->image_size % c->patch_size)
        return log_fail(OCELLI_ERR_FILE, "%s: image size %u is not a multiple of patch size %u: correct it", c->file,
                        c->image_size, c->patch_size);
    uint32_t side = c->image_size / c->patch_size;
    c->image.tokens = !c->attention_pool + side * side;
    return within(c, "image", "number of tokens", c->image.tokens, CONFIG_MAX_TOKENS);
}

int config_check_std(const struct config *config, const char *file) {
    for (int i = 0; i < 3; i++)
        if (!(config->std[i] > 0))
            return log_fail(OCELLI_ERR_FILE,
                            "%s: standard deviation %g of the pixels: correct it as the model was trained", file,
                            config->std[i]);
    return OCELLI_OK;
}

void config_fill_blocks(struct config_tower *tower) {
    tower->head = tower->width / tower->heads;
    for (uint32_t i = 0; i < tower->blocks; i++)
        tower->block[i] = (struct config_block){tower->heads, tower->hidden, true, true};
}

int config_check(struct config *config) {
    int status = check_tower(config, &config->image, "image");
    if (!status) status = check_tower(config, &config->text, "text");
    if (!status) status = check_image(config);
    if (!status) status = within(config, "text", "context length", config->text.tokens, CONFIG_MAX_CONTEXT);
    if (!status) status = within(config, "text", "vocabulary", config->vocabulary, CONFIG_MAX_VOCABULARY);
    if (!status) status = within(config, "shared", "embedding size", config->embedding, CONFIG_MAX_WIDTH);
    if (!status && config->text.tokens < 2)
        status = log_fail(OCELLI_ERR_FILE, "%s: a text context of 1 has no room for a text: correct it", config->file);
    if (!status && !config->image.head) config_fill_blocks(&config->image);
    if (!status && !config->text.head) config_fill_blocks(&config->text);
    return status;
}
