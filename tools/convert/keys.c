/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/keys.h"
#include "blob/tensor_names.h"

#include <stdio.h>
#include <string.h>

/* Older runtimes refuse 2 by its number. They could not read what it is for. */
enum { VERSION = 1, VERSION_NO_TEXT = 2, ALIGNMENT = 64 };

void keys_general(struct gguf_write *writer, const char *name, const struct license *license,
                  const struct sources *sources, bool no_text) {
    gguf_write_text(writer, "general.architecture", "clip");
    gguf_write_text(writer, "general.name", name);
    gguf_write_u32(writer, "general.alignment", ALIGNMENT);
    gguf_write_text(writer, "general.license", license->name);
    gguf_write_u32(writer, "ocelli.version", no_text ? VERSION_NO_TEXT : VERSION);
    gguf_write_text(writer, "ocelli.license.text", license->text);
    gguf_write_texts(writer, "ocelli.source.files", sources->count);
    for (const struct source *s = sources->first; s; s = s->next) gguf_write_element(writer, s->name, strlen(s->name));
    gguf_write_texts(writer, "ocelli.source.sha256", sources->count);
    for (const struct source *s = sources->first; s; s = s->next) gguf_write_element(writer, s->hash, strlen(s->hash));
}

/* One number where all blocks have the same. */
static void per_block(struct gguf_write *writer, const char *key, const uint32_t *values, uint32_t count) {
    bool same = true;
    for (uint32_t i = 1; i < count; i++) same = same && values[i] == values[0];
    if (same)
        gguf_write_u32(writer, key, values[0]);
    else
        gguf_write_u32s(writer, key, values, count);
}

static void blocks(struct gguf_write *writer, const char *name, const struct config_tower *owner) {
    uint32_t heads[CONFIG_MAX_BLOCKS], hidden[CONFIG_MAX_BLOCKS];
    bool share = true; /* the tower's width */
    char key[96];
    for (uint32_t i = 0; i < owner->blocks; i++) {
        heads[i] = owner->block[i].heads, hidden[i] = owner->block[i].hidden;
        share = share && heads[i] * owner->head == owner->width;
    }
    snprintf(key, sizeof key, "clip.%s.feed_forward_length", name);
    per_block(writer, key, hidden, owner->blocks);
    snprintf(key, sizeof key, "clip.%s.attention.head_count", name);
    per_block(writer, key, heads, owner->blocks);
    snprintf(key, sizeof key, "clip.%s.attention.key_length", name);
    if (!share) gguf_write_u32(writer, key, owner->head);
}

static void tower(struct gguf_write *writer, const char *name, const struct config_tower *owner, uint32_t embedding) {
    const struct {
        const char *key;
        uint32_t value;
    } numbers[] = {{"embedding_length", owner->width}, {"block_count", owner->blocks}, {"projection_dim", embedding}};
    char key[96];
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        snprintf(key, sizeof key, "clip.%s.%s", name, numbers[i].key);
        gguf_write_u32(writer, key, numbers[i].value);
    }
    blocks(writer, name, owner);
    snprintf(key, sizeof key, "clip.%s.attention.layer_norm_epsilon", name);
    gguf_write_f32(writer, key, owner->epsilon);
    snprintf(key, sizeof key, "ocelli.%s.activation", name);
    gguf_write_text(writer, key, config_activation_name(owner->activation));
}

static void text(struct gguf_write *writer, const struct config *c) {
    tower(writer, "text", &c->text, c->embedding);
    gguf_write_u32(writer, "clip.text.context_length", c->text.tokens);
    gguf_write_u32(writer, "clip.text.vocab_size", c->vocabulary);
    gguf_write_text(writer, "ocelli.text.pooling", c->pool == CONFIG_POOL_LAST ? "last" : "end");
    gguf_write_text(writer, "ocelli.text.mask", c->no_mask ? "none" : "causal");
    gguf_write_bool(writer, "ocelli.text.projection_bias", c->text_bias);
}

void keys_model(struct gguf_write *writer, const struct model *model) {
    const struct config *c = model->config;
    gguf_write_bool(writer, "clip.has_vision_encoder", true);
    gguf_write_bool(writer, "clip.has_text_encoder", !c->no_text);
    tower(writer, "vision", &c->image, c->embedding);
    gguf_write_u32(writer, "clip.vision.image_size", c->image_size);
    gguf_write_u32(writer, "clip.vision.patch_size", c->patch_size);
    gguf_write_f32s(writer, "clip.vision.image_mean", c->mean, 3);
    gguf_write_f32s(writer, "clip.vision.image_std", c->std, 3);
    gguf_write_bool(writer, "clip.use_gelu", c->image.activation != CONFIG_QUICK_GELU);
    if (!c->no_text) text(writer, c);
    if (c->stem) gguf_write_u32(writer, "ocelli.vision.stem_length", c->stem);
    if (c->no_pre_norm) gguf_write_bool(writer, "ocelli.vision.pre_norm", false);
    gguf_write_text(writer, "ocelli.vision.resize", c->squash ? "squash" : "crop");
    gguf_write_text(writer, "ocelli.vision.filter", c->bilinear ? "bilinear" : "bicubic");
    gguf_write_text(writer, "ocelli.vision.pooling", c->attention_pool ? "attention" : "class");
    gguf_write_text(writer, "ocelli.score", c->sigmoid ? "sigmoid" : "softmax");
    gguf_write_f32(writer, "ocelli.logit_scale", model->logit_scale);
    gguf_write_f32(writer, "ocelli.logit_bias", model->logit_bias);
}

/* All of them, always: their sizes are known before what they say. The tower is empty then. */
void keys_float_inputs(struct gguf_write *writer, const char *name, const struct walk_tower *tower,
                       const struct config_tower *config, bool head) {
    bool marks[CONFIG_MAX_BLOCKS] = {false};
    char key[96];
    for (int p = 0; p < REFERENCE_PRODUCTS; p++) {
        for (uint32_t i = 0; tower->layers && i < config->blocks; i++)
            marks[i] = tower->layers[i].products[p].float_inputs;
        snprintf(key, sizeof key, "ocelli.%s.float_inputs.%s", name, walk_product_names[p]);
        gguf_write_bools(writer, key, marks, config->blocks);
    }
    for (int p = 0; p < REFERENCE_PRODUCTS; p++) marks[p] = tower->head[p].float_inputs;
    snprintf(key, sizeof key, "ocelli.%s.float_inputs." TENSOR_FLOAT_HEAD, name);
    if (head) gguf_write_bools(writer, key, marks, REFERENCE_PRODUCTS);
    marks[0] = tower->float_pixels, marks[1] = tower->projection.float_inputs;
    snprintf(key, sizeof key, "ocelli.%s.float_inputs." TENSOR_FLOAT_ENDS, name);
    gguf_write_bools(writer, key, marks, 2);
}

static void spm(struct gguf_write *writer, const struct tokenizer *tokenizer) {
    const struct sentencepiece_params p = tokenizer_spm_params(tokenizer);
    gguf_write_text(writer, "tokenizer.ggml.model", p.merges_pairs ? "gemma" : "t5");
    gguf_write_texts(writer, "tokenizer.ggml.tokens", p.token_count);
    for (size_t i = 0; i < p.token_count; i++) gguf_write_element(writer, p.tokens[i].text, p.tokens[i].length);
    gguf_write_bytes(writer, "tokenizer.ggml.token_type", p.types, p.token_count);
    if (p.merges_pairs)
        gguf_write_u32s(writer, "ocelli.tokenizer.merges", tokenizer->spm.merges, 2 * p.merge_count);
    else
        gguf_write_f32s(writer, "tokenizer.ggml.scores", tokenizer->spm.scores, p.token_count);
    if (p.charsmap_size) gguf_write_bytes(writer, "tokenizer.ggml.precompiled_charsmap", p.charsmap, p.charsmap_size);
    gguf_write_bool(writer, "tokenizer.ggml.add_space_prefix", p.space_before);
    gguf_write_bool(writer, "tokenizer.ggml.remove_extra_whitespaces", p.single_spaces);
    gguf_write_u32(writer, "tokenizer.ggml.eos_token_id", p.end_id);
    gguf_write_u32(writer, "tokenizer.ggml.padding_token_id", tokenizer->padding_id);
    gguf_write_text(writer, "ocelli.text.clean", canonical_names[p.clean]);
}

void keys_tokenizer(struct gguf_write *writer, const struct tokenizer *tokenizer) {
    if (tokenizer->spm.tokens) {
        spm(writer, tokenizer);
        return;
    }
    gguf_write_text(writer, "tokenizer.ggml.model", "clip");
    gguf_write_texts(writer, "tokenizer.ggml.tokens", tokenizer->token_count);
    for (size_t i = 0; i < tokenizer->token_count; i++)
        gguf_write_element(writer, tokenizer->tokens[i].text, tokenizer->tokens[i].length);
    gguf_write_texts(writer, "tokenizer.ggml.merges", tokenizer->merge_count);
    for (size_t i = 0; i < tokenizer->merge_count; i++)
        gguf_write_element(writer, tokenizer->merges[i].text, tokenizer->merges[i].length);
    gguf_write_u32(writer, "tokenizer.ggml.bos_token_id", tokenizer->start_id);
    gguf_write_u32(writer, "tokenizer.ggml.eos_token_id", tokenizer->end_id);
    gguf_write_u32(writer, "tokenizer.ggml.padding_token_id", tokenizer->padding_id);
}
