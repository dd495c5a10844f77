/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/config.h"
#include "base/log.h"

/* Of the original CLIP's training set; both toolkits take them where nothing else is said. */
const float config_openai_mean[3] = {0.48145466f, 0.4578275f, 0.40821073f};
const float config_openai_std[3] = {0.26862954f, 0.26130258f, 0.27577711f};

const char *config_activation_name(enum config_activation a) {
    static const char *const names[] = {"quick_gelu", "gelu", "gelu_tanh"};
    return names[a];
}

int config_unsupported(const char *file, const char *what) {
    return log_fail(OCELLI_ERR_LIMIT, "%s: not supported yet: %s", file, what);
}

int config_expect_bool(const struct json_at *at, const char *key, bool expected) {
    bool value = expected;
    int status = json_bool(at, key, &value);
    if (status || value == expected) return status;
    return log_fail(OCELLI_ERR_LIMIT, "%s: %s%s is %s: not supported yet, convert a model without it", at->file, at->where, key,
                    value ? "true" : "false");
}

static int within(const struct config *c, const char *tower, const char *what, uint32_t value, uint32_t most) {
    if (value == 0) return log_fail(OCELLI_ERR_FILE, "%s: %s %s is 0: correct it", c->file, tower, what);
    if (value <= most) return OCELLI_OK;
    return log_fail(OCELLI_ERR_LIMIT, "%s: %s %s is %u, the limit is %u: choose a smaller model", c->file, tower, what, value,
                    most);
}

static int check_tower(const struct config *c, const struct config_tower *t, const char *name) {
    int status = within(c, name, "width", t->width, CONFIG_MAX_WIDTH);
    if (!status) status = within(c, name, "hidden width", t->hidden, CONFIG_MAX_HIDDEN);
    if (!status) status = within(c, name, "number of layers", t->blocks, CONFIG_MAX_BLOCKS);
    if (!status) status = within(c, name, "number of heads", t->heads, t->width);
    if (status) return status;
    if (t->width % t->heads)
        return log_fail(OCELLI_ERR_FILE, "%s: %s width %u is not a multiple of %u heads: correct it", c->file, name, t->width,
                        t->heads);
    if (t->width / t->heads > CONFIG_MAX_HEAD || t->width / t->heads % 4)
        return log_fail(OCELLI_ERR_LIMIT, "%s: %s heads are %u wide, supported are multiples of 4 up to %d", c->file, name,
                        t->width / t->heads, CONFIG_MAX_HEAD);
    if (!(t->epsilon > 0 && t->epsilon < 1))
        return log_fail(OCELLI_ERR_FILE, "%s: %s layer norm epsilon is %g: correct it", c->file, name, t->epsilon);
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
    c->image.tokens = 1 + side * side;
    return within(c, "image", "number of tokens", c->image.tokens, CONFIG_MAX_TOKENS);
}

int config_check_std(const struct config *c, const char *file) {
    for (int i = 0; i < 3; i++)
        if (!(c->std[i] > 0))
            return log_fail(OCELLI_ERR_FILE, "%s: standard deviation %g of the pixels: correct it as the model was trained", file,
                            c->std[i]);
    return OCELLI_OK;
}

int config_check(struct config *c) {
    int status = check_tower(c, &c->image, "image");
    if (!status) status = check_tower(c, &c->text, "text");
    if (!status) status = check_image(c);
    if (!status) status = within(c, "text", "context length", c->text.tokens, CONFIG_MAX_CONTEXT);
    if (!status) status = within(c, "text", "vocabulary", c->vocabulary, CONFIG_MAX_VOCABULARY);
    if (!status) status = within(c, "shared", "embedding size", c->embedding, CONFIG_MAX_WIDTH);
    if (!status && c->text.tokens < 2)
        status = log_fail(OCELLI_ERR_FILE, "%s: a text context of 1 has no room for a text: correct it", c->file);
    return status;
}
