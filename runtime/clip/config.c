/* SPDX-License-Identifier: Apache-2.0 */
#include "clip/config.h"
#include "base/log.h"
#include "blob/tensor_names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_WIDTH = 4096, MAX_HIDDEN = 16384, MAX_HEAD = 128, MAX_IMAGE = 1024, MAX_VOCABULARY = 300000 };
enum { VERSION_MOST = 2 }; /* 2: without a text tower */

static int u32(const struct blob *blob, const char *tower, const char *key, uint32_t most, uint32_t *value) {
    char name[64];
    snprintf(name, sizeof name, "clip.%s.%s", tower, key);
    int status = blob_u32(blob, name, value);
    if (status) return status;
    if (*value == 0)
        return log_fail(OCELLI_ERR_FILE, "%s: %s is 0: convert the checkpoint again", blob_name(blob), name);
    if (*value > most)
        return log_fail(OCELLI_ERR_LIMIT, "%s: %s is %u, this runtime takes at most %u", blob_name(blob), name, *value,
                        most);
    return OCELLI_OK;
}

/* One number for all blocks, or an array with one for each. */
static int per_block(const struct blob *blob, const char *tower, const char *key, uint32_t most, uint32_t blocks,
                     uint32_t *values) {
    char name[64];
    snprintf(name, sizeof name, "clip.%s.%s", tower, key);
    int status = blob_u32s(blob, name, blocks, values);
    for (uint32_t i = 0; i < blocks && !status; i++) {
        if (values[i] == 0)
            status = log_fail(OCELLI_ERR_FILE, "%s: %s is 0 in block %u: convert the checkpoint again", blob_name(blob),
                              name, i);
        else if (values[i] > most)
            status = log_fail(OCELLI_ERR_LIMIT, "%s: %s is %u in block %u, this runtime takes at most %u",
                              blob_name(blob), name, values[i], i, most);
    }
    return status;
}

/* A head's width: stated where the heads do not share the tower's. */
static int head_width(const struct blob *blob, const char *name, struct clip_tower_config *config) {
    char key[64];
    snprintf(key, sizeof key, "clip.%s.attention.key_length", name);
    if (gguf_value(blob_gguf(blob), key)) {
        int status = u32(blob, name, "attention.key_length", MAX_HEAD, &config->head);
        if (status) return status;
    } else {
        if (config->width % config->heads)
            return log_fail(OCELLI_ERR_FILE, "%s: clip.%s: width %u is not a multiple of %u heads", blob_name(blob),
                            name, config->width, config->heads);
        config->head = config->width / config->heads;
    }
    if (config->head % 4 || config->head > MAX_HEAD || config->width % 4)
        return log_fail(OCELLI_ERR_LIMIT,
                        "%s: clip.%s: head width %u and width %u, this runtime takes multiples of 4, heads up to %d",
                        blob_name(blob), name, config->head, config->width, MAX_HEAD);
    return OCELLI_OK;
}

static int blocks(const struct blob *blob, const char *name, struct clip_tower_config *config) {
    uint32_t heads[CLIP_MAX_BLOCKS], hidden[CLIP_MAX_BLOCKS];
    int status = u32(blob, name, "block_count", CLIP_MAX_BLOCKS, &config->blocks);
    if (!status) status = per_block(blob, name, "feed_forward_length", MAX_HIDDEN, config->blocks, hidden);
    if (!status) status = per_block(blob, name, "attention.head_count", MAX_WIDTH, config->blocks, heads);
    if (status) return status;
    for (uint32_t i = 0; i < config->blocks; i++) {
        config->block[i] = (struct clip_block_config){heads[i], hidden[i]};
        if (heads[i] > config->heads) config->heads = heads[i];
        if (hidden[i] > config->hidden) config->hidden = hidden[i];
    }
    status = head_width(blob, name, config);
    if (!status && (uint64_t)config->heads * config->head > MAX_WIDTH)
        status = log_fail(OCELLI_ERR_LIMIT, "%s: clip.%s: %u heads of %u, this runtime takes at most %d numbers",
                          blob_name(blob), name, config->heads, config->head, MAX_WIDTH);
    return status;
}

static int activation(const struct blob *blob, const char *tower, enum op_activation *out) {
    static const struct {
        const char *name;
        enum op_activation value;
    } known[] = {{"quick_gelu", OP_QUICK_GELU}, {"gelu", OP_GELU}, {"gelu_tanh", OP_GELU_TANH}};
    char key[64];
    const char *name;
    snprintf(key, sizeof key, "ocelli.%s.activation", tower);
    int status = blob_string(blob, key, &name);
    if (status) return status;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0) {
            *out = known[i].value;
            return OCELLI_OK;
        }
    return log_fail(OCELLI_ERR_FILE, "%s: %s is '%s': expected quick_gelu, gelu or gelu_tanh", blob_name(blob), key,
                    name);
}

/* `count` bools, bit i of marks the i-th. Blobs that older converters wrote have none of these keys: no bit then. */
static int marks(const struct blob *blob, const char *tower, const char *product, uint32_t count, uint64_t *marks) {
    char key[64];
    snprintf(key, sizeof key, "ocelli.%s.float_inputs.%s", tower, product);
    const struct gguf_value *value = gguf_value(blob_gguf(blob), key);
    *marks = 0;
    if (!value) return OCELLI_OK;
    if (value->type != GGUF_ARRAY || value->element != GGUF_BOOL || value->count != count)
        return log_fail(OCELLI_ERR_FILE, "%s: %s is not a list of %u bools: convert the checkpoint again",
                        blob_name(blob), key, count);
    for (uint32_t i = 0; i < count; i++)
        if (value->bytes[i]) *marks |= UINT64_C(1) << i;
    return OCELLI_OK;
}

static int float_inputs(const struct blob *blob, const char *tower, struct clip_tower_config *config) {
    static const char *const products[CLIP_PRODUCTS] = {"qkv", TENSOR_ATTENTION_OUT, TENSOR_UP, TENSOR_DOWN};
    uint64_t head, ends;
    int status = OCELLI_OK;
    for (int p = 0; p < CLIP_PRODUCTS && !status; p++)
        status = marks(blob, tower, products[p], config->blocks, &config->float_inputs[p]);
    if (!status) status = marks(blob, tower, TENSOR_FLOAT_HEAD, CLIP_PRODUCTS, &head);
    if (!status) status = marks(blob, tower, TENSOR_FLOAT_ENDS, 2, &ends);
    if (status) return status;
    for (int p = 0; p < CLIP_PRODUCTS; p++) config->float_head[p] = head >> p & 1;
    config->float_pixels = ends & 1, config->float_projection = ends & 2;
    return OCELLI_OK;
}

static int tower(const struct blob *blob, const char *name, struct clip_tower_config *config) {
    char key[64];
    snprintf(key, sizeof key, "clip.%s.attention.layer_norm_epsilon", name);
    int status = u32(blob, name, "embedding_length", MAX_WIDTH, &config->width);
    if (!status) status = blocks(blob, name, config);
    if (!status) status = blob_f32(blob, key, &config->epsilon);
    if (!status) status = activation(blob, name, &config->activation);
    if (!status) status = float_inputs(blob, name, config);
    if (status) return status;
    if (!(config->epsilon > 0 && config->epsilon < 1))
        return log_fail(OCELLI_ERR_FILE, "%s: %s is %g: convert the checkpoint again", blob_name(blob), key,
                        config->epsilon);
    return OCELLI_OK;
}

/* One of two words. */
static int either(const struct blob *blob, const char *key, const char *no, const char *yes, bool *value) {
    const char *word;
    int status = blob_string(blob, key, &word);
    if (status) return status;
    *value = strcmp(word, yes) == 0;
    if (*value || strcmp(word, no) == 0) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: %s is '%s': expected %s or %s", blob_name(blob), key, word, no, yes);
}

/* What blobs without the key mean: `no`. */
static int either_or_absent(const struct blob *blob, const char *key, const char *no, const char *yes, bool *value) {
    return gguf_value(blob_gguf(blob), key) ? either(blob, key, no, yes, value) : OCELLI_OK;
}

/* Without the key *value stays. */
static int bool_or_absent(const struct blob *blob, const char *key, bool *value) {
    return gguf_value(blob_gguf(blob), key) ? blob_bool(blob, key, value) : OCELLI_OK;
}

static int prep(const struct blob *blob, struct clip_config *c) {
    bool squash, bilinear;
    int status = either(blob, "ocelli.vision.resize", "crop", "squash", &squash);
    if (!status) status = either(blob, "ocelli.vision.filter", "bicubic", "bilinear", &bilinear);
    if (!status) status = blob_f32s(blob, "clip.vision.image_mean", 3, c->prep.mean);
    if (!status) status = blob_f32s(blob, "clip.vision.image_std", 3, c->prep.std);
    if (status) return status;
    c->prep.size = c->image_size;
    c->prep.resize = squash ? PREP_SQUASH : PREP_CROP;
    c->prep.filter = bilinear ? PREP_BILINEAR : PREP_BICUBIC;
    for (int i = 0; i < 3; i++)
        if (!(c->prep.std[i] > 0) || !isfinite(c->prep.std[i]) || !isfinite(c->prep.mean[i]))
            return log_fail(OCELLI_ERR_FILE, "%s: clip.vision.image_mean or image_std is not usable", blob_name(blob));
    return OCELLI_OK;
}

/* Optional: blobs of plain CLIPs do not have these keys. */
static int beginning(const struct blob *blob, struct clip_config *c) {
    c->pre_norm = true;
    int status = bool_or_absent(blob, "ocelli.vision.pre_norm", &c->pre_norm);
    if (status || !gguf_value(blob_gguf(blob), "ocelli.vision.stem_length")) return status;
    status = blob_u32(blob, "ocelli.vision.stem_length", &c->stem);
    if (status) return status;
    if (c->stem == 0 || c->stem % OP_ROW_ALIGNMENT || c->stem > MAX_WIDTH / 4 || c->patch_size != 16)
        return log_fail(OCELLI_ERR_LIMIT,
                        "%s: a stem of %u channels for patches of %u: this runtime takes multiples of %d up to %d, "
                        "patches of 16",
                        blob_name(blob), c->stem, c->patch_size, OP_ROW_ALIGNMENT, MAX_WIDTH / 4);
    return OCELLI_OK;
}

static int image(const struct blob *blob, struct clip_config *config) {
    int status = tower(blob, "vision", &config->image);
    if (!status) status = u32(blob, "vision", "image_size", MAX_IMAGE, &config->image_size);
    if (!status) status = u32(blob, "vision", "patch_size", MAX_IMAGE, &config->patch_size);
    if (!status) status = u32(blob, "vision", "projection_dim", MAX_WIDTH, &config->embedding);
    if (!status) status = prep(blob, config);
    if (!status)
        status = either_or_absent(blob, "ocelli.vision.pooling", "class", "attention", &config->image.attention_pool);
    if (!status) status = beginning(blob, config);
    if (status) return status;
    if (config->image.attention_pool && config->embedding != config->image.width)
        return log_fail(OCELLI_ERR_FILE, "%s: attention pooling of width %u gives no embedding of %u numbers",
                        blob_name(blob), config->image.width, config->embedding);
    if (config->image_size % config->patch_size)
        return log_fail(OCELLI_ERR_FILE, "%s: image size %u is not a multiple of patch size %u", blob_name(blob),
                        config->image_size, config->patch_size);
    uint32_t side = config->image_size / config->patch_size;
    config->image.tokens = !config->image.attention_pool + side * side;
    if (config->image.tokens > OP_ATTENTION_MAX_TOKENS)
        return log_fail(OCELLI_ERR_LIMIT, "%s: %u tokens a picture, this runtime takes at most %d", blob_name(blob),
                        config->image.tokens, OP_ATTENTION_MAX_TOKENS);
    return OCELLI_OK;
}

static int text(const struct blob *blob, struct clip_config *c) {
    uint32_t embedding;
    bool no_mask = false, has = true;
    int status = bool_or_absent(blob, "clip.has_text_encoder", &has);
    c->no_text = !has;
    if (status || c->no_text) return status;
    status = tower(blob, "text", &c->text);
    if (!status) status = u32(blob, "text", "context_length", OP_ATTENTION_MAX_TOKENS, &c->text.tokens);
    if (!status) status = u32(blob, "text", "vocab_size", MAX_VOCABULARY, &c->vocabulary);
    if (!status) status = u32(blob, "text", "projection_dim", MAX_WIDTH, &embedding);
    if (!status) status = blob_u32(blob, "tokenizer.ggml.eos_token_id", &c->end_id);
    if (!status) status = either_or_absent(blob, "ocelli.text.pooling", "end", "last", &c->last_pool);
    if (!status) status = either_or_absent(blob, "ocelli.text.mask", "causal", "none", &no_mask);
    if (!status) status = bool_or_absent(blob, "ocelli.text.projection_bias", &c->text.projection_bias);
    if (!status && c->last_pool) status = blob_u32(blob, "tokenizer.ggml.padding_token_id", &c->pad_id);
    if (status) return status;
    c->text.causal = !no_mask;
    if (no_mask && !c->last_pool)
        return log_fail(OCELLI_ERR_LIMIT, "%s: texts without a mask whose row is the end mark's: not supported",
                        blob_name(blob));
    if (c->pad_id >= c->vocabulary)
        return log_fail(OCELLI_ERR_FILE, "%s: padding of id %u, of a vocabulary of %u", blob_name(blob), c->pad_id,
                        c->vocabulary);
    if (embedding != c->embedding)
        return log_fail(OCELLI_ERR_FILE, "%s: the towers project to %u and %u numbers", blob_name(blob), c->embedding,
                        embedding);
    if (c->text.tokens < 2)
        return log_fail(OCELLI_ERR_FILE, "%s: clip.text.context_length is %u: no room for a text", blob_name(blob),
                        c->text.tokens);
    return OCELLI_OK;
}

static int score(const struct blob *blob, struct clip_config *c) {
    int status = either(blob, "ocelli.score", "softmax", "sigmoid", &c->sigmoid);
    if (!status) status = blob_f32(blob, "ocelli.logit_scale", &c->logit_scale);
    if (!status) status = blob_f32(blob, "ocelli.logit_bias", &c->logit_bias);
    if (status) return status;
    if (!isfinite(c->logit_scale) || c->logit_scale <= 0 || !isfinite(c->logit_bias))
        return log_fail(OCELLI_ERR_FILE, "%s: ocelli.logit_scale %g or logit_bias %g is not usable", blob_name(blob),
                        c->logit_scale, c->logit_bias);
    return OCELLI_OK;
}

int clip_config_read(struct clip_config *config, const struct blob *blob) {
    *config = (struct clip_config){0};
    const char *architecture;
    uint32_t version;
    int status = blob_string(blob, "general.architecture", &architecture);
    if (status) return status;
    if (strcmp(architecture, "clip") != 0)
        return log_fail(OCELLI_ERR_FILE, "%s: a model of architecture '%s', not clip", blob_name(blob), architecture);
    status = blob_u32(blob, "ocelli.version", &version);
    if (status) return status;
    if (version < 1 || version > VERSION_MOST)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: blob version %u, this runtime reads 1 to %d: convert the checkpoint again",
                        blob_name(blob), version, VERSION_MOST);
    status = image(blob, config);
    if (!status) status = text(blob, config);
    return status ? status : score(blob, config);
}
