/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/keys.h"

#include <stdio.h>
#include <string.h>

enum { VERSION = 1, ALIGNMENT = 64 };

void keys_general(struct gguf_write *w, const char *name, const struct license *l, const struct sources *sources) {
    gguf_write_text(w, "general.architecture", "clip");
    gguf_write_text(w, "general.name", name);
    gguf_write_u32(w, "general.alignment", ALIGNMENT);
    gguf_write_text(w, "general.license", l->name);
    gguf_write_u32(w, "ocelli.version", VERSION);
    gguf_write_text(w, "ocelli.license.text", l->text);
    gguf_write_texts(w, "ocelli.source.files", sources->count);
    for (const struct source *s = sources->first; s; s = s->next) gguf_write_element(w, s->name, strlen(s->name));
    gguf_write_texts(w, "ocelli.source.sha256", sources->count);
    for (const struct source *s = sources->first; s; s = s->next) gguf_write_element(w, s->hash, strlen(s->hash));
}

static void tower(struct gguf_write *w, const char *name, const struct config_tower *t, uint32_t embedding) {
    const struct {
        const char *key;
        uint32_t value;
    } numbers[] = {{"embedding_length", t->width},
                   {"feed_forward_length", t->hidden},
                   {"block_count", t->blocks},
                   {"attention.head_count", t->heads},
                   {"projection_dim", embedding}};
    char key[96];
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        snprintf(key, sizeof key, "clip.%s.%s", name, numbers[i].key);
        gguf_write_u32(w, key, numbers[i].value);
    }
    snprintf(key, sizeof key, "clip.%s.attention.layer_norm_epsilon", name);
    gguf_write_f32(w, key, t->epsilon);
    snprintf(key, sizeof key, "ocelli.%s.activation", name);
    gguf_write_text(w, key, config_activation_name(t->activation));
}

void keys_model(struct gguf_write *w, const struct model *m) {
    const struct config *c = m->config;
    gguf_write_bool(w, "clip.has_vision_encoder", true);
    gguf_write_bool(w, "clip.has_text_encoder", true);
    tower(w, "vision", &c->image, c->embedding);
    gguf_write_u32(w, "clip.vision.image_size", c->image_size);
    gguf_write_u32(w, "clip.vision.patch_size", c->patch_size);
    gguf_write_f32s(w, "clip.vision.image_mean", c->mean, 3);
    gguf_write_f32s(w, "clip.vision.image_std", c->std, 3);
    gguf_write_bool(w, "clip.use_gelu", c->image.activation != CONFIG_QUICK_GELU);
    tower(w, "text", &c->text, c->embedding);
    gguf_write_u32(w, "clip.text.context_length", c->text.tokens);
    gguf_write_u32(w, "clip.text.vocab_size", c->vocabulary);
    gguf_write_text(w, "ocelli.vision.resize", c->squash ? "squash" : "crop");
    gguf_write_text(w, "ocelli.vision.filter", c->bilinear ? "bilinear" : "bicubic");
    gguf_write_text(w, "ocelli.score", "softmax");
    gguf_write_f32(w, "ocelli.logit_scale", m->logit_scale);
    gguf_write_f32(w, "ocelli.logit_bias", 0);
}

void keys_tokenizer(struct gguf_write *w, const struct tokenizer *t) {
    gguf_write_text(w, "tokenizer.ggml.model", "clip");
    gguf_write_texts(w, "tokenizer.ggml.tokens", t->token_count);
    for (size_t i = 0; i < t->token_count; i++) gguf_write_element(w, t->tokens[i].text, t->tokens[i].length);
    gguf_write_texts(w, "tokenizer.ggml.merges", t->merge_count);
    for (size_t i = 0; i < t->merge_count; i++) gguf_write_element(w, t->merges[i].text, t->merges[i].length);
    gguf_write_u32(w, "tokenizer.ggml.bos_token_id", t->start_id);
    gguf_write_u32(w, "tokenizer.ggml.eos_token_id", t->end_id);
    gguf_write_u32(w, "tokenizer.ggml.padding_token_id", t->padding_id);
}
