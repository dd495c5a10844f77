/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/names.h"

#include <string.h>

static const struct name_row transformers_rows[] = {
    {"v.patch_embd.weight", "vision_model.embeddings.patch_embedding.weight", PART_WHOLE},
    {"v.class_embd", "vision_model.embeddings.class_embedding", PART_WHOLE},
    {"v.position_embd.weight", "vision_model.embeddings.position_embedding.weight", PART_WHOLE},
    {"v.pre_ln.weight", "vision_model.pre_layrnorm.weight", PART_WHOLE}, /* spelt so */
    {"v.pre_ln.bias", "vision_model.pre_layrnorm.bias", PART_WHOLE},
    {"v.post_ln.weight", "vision_model.post_layernorm.weight", PART_WHOLE},
    {"v.post_ln.bias", "vision_model.post_layernorm.bias", PART_WHOLE},
    {"visual_projection.weight", "visual_projection.weight", PART_WHOLE},
    {"t.token_embd.weight", "text_model.embeddings.token_embedding.weight", PART_WHOLE},
    {"t.position_embd.weight", "text_model.embeddings.position_embedding.weight", PART_WHOLE},
    {"t.post_ln.weight", "text_model.final_layer_norm.weight", PART_WHOLE},
    {"t.post_ln.bias", "text_model.final_layer_norm.bias", PART_WHOLE},
    {"text_projection.weight", "text_projection.weight", PART_WHOLE},
    {0},
};

static const struct name_row transformers_block[] = {
    {"ln1.weight", "layer_norm1.weight", PART_WHOLE},
    {"ln1.bias", "layer_norm1.bias", PART_WHOLE},
    {"attn_q.weight", "self_attn.q_proj.weight", PART_WHOLE},
    {"attn_q.bias", "self_attn.q_proj.bias", PART_WHOLE},
    {"attn_k.weight", "self_attn.k_proj.weight", PART_WHOLE},
    {"attn_k.bias", "self_attn.k_proj.bias", PART_WHOLE},
    {"attn_v.weight", "self_attn.v_proj.weight", PART_WHOLE},
    {"attn_v.bias", "self_attn.v_proj.bias", PART_WHOLE},
    {"attn_out.weight", "self_attn.out_proj.weight", PART_WHOLE},
    {"attn_out.bias", "self_attn.out_proj.bias", PART_WHOLE},
    {"ln2.weight", "layer_norm2.weight", PART_WHOLE},
    {"ln2.bias", "layer_norm2.bias", PART_WHOLE},
    {"ffn_up.weight", "mlp.fc1.weight", PART_WHOLE},
    {"ffn_up.bias", "mlp.fc1.bias", PART_WHOLE},
    {"ffn_down.weight", "mlp.fc2.weight", PART_WHOLE},
    {"ffn_down.bias", "mlp.fc2.bias", PART_WHOLE},
    {0},
};

static const struct name_row open_clip_rows[] = {
    {"v.patch_embd.weight", "visual.conv1.weight", PART_WHOLE},
    {"v.class_embd", "visual.class_embedding", PART_WHOLE},
    {"v.position_embd.weight", "visual.positional_embedding", PART_WHOLE},
    {"v.pre_ln.weight", "visual.ln_pre.weight", PART_WHOLE},
    {"v.pre_ln.bias", "visual.ln_pre.bias", PART_WHOLE},
    {"v.post_ln.weight", "visual.ln_post.weight", PART_WHOLE},
    {"v.post_ln.bias", "visual.ln_post.bias", PART_WHOLE},
    {"visual_projection.weight", "visual.proj", PART_TRANSPOSED}, /* used as x @ proj */
    {"t.token_embd.weight", "token_embedding.weight", PART_WHOLE},
    {"t.position_embd.weight", "positional_embedding", PART_WHOLE},
    {"t.post_ln.weight", "ln_final.weight", PART_WHOLE},
    {"t.post_ln.bias", "ln_final.bias", PART_WHOLE},
    {"text_projection.weight", "text_projection", PART_TRANSPOSED},
    {0},
};

static const struct name_row open_clip_block[] = {
    {"ln1.weight", "ln_1.weight", PART_WHOLE},
    {"ln1.bias", "ln_1.bias", PART_WHOLE},
    {"attn_q.weight", "attn.in_proj_weight", PART_FIRST},
    {"attn_q.bias", "attn.in_proj_bias", PART_FIRST},
    {"attn_k.weight", "attn.in_proj_weight", PART_SECOND},
    {"attn_k.bias", "attn.in_proj_bias", PART_SECOND},
    {"attn_v.weight", "attn.in_proj_weight", PART_THIRD},
    {"attn_v.bias", "attn.in_proj_bias", PART_THIRD},
    {"attn_out.weight", "attn.out_proj.weight", PART_WHOLE},
    {"attn_out.bias", "attn.out_proj.bias", PART_WHOLE},
    {"ln2.weight", "ln_2.weight", PART_WHOLE},
    {"ln2.bias", "ln_2.bias", PART_WHOLE},
    {"ffn_up.weight", "mlp.c_fc.weight", PART_WHOLE},
    {"ffn_up.bias", "mlp.c_fc.bias", PART_WHOLE},
    {"ffn_down.weight", "mlp.c_proj.weight", PART_WHOLE},
    {"ffn_down.bias", "mlp.c_proj.bias", PART_WHOLE},
    {0},
};

static const struct name_table tables[] = {
    [LAYOUT_TRANSFORMERS] = {transformers_rows, transformers_block, "vision_model.encoder.layers.%u.", "text_model.encoder.layers.%u.", "logit_scale"},
    [LAYOUT_OPEN_CLIP] = {open_clip_rows, open_clip_block, "visual.transformer.resblocks.%u.", "transformer.resblocks.%u.", "logit_scale"},
};

const struct name_table *name_table(enum layout layout) {
    return &tables[layout];
}

const char *name_plain(const char *name) {
    static const char *const prefixes[] = {"module.", "_image_encoder.", "_text_encoder.", "_logit_scale.", "text."};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            name += strlen(prefixes[i]);
            i = (size_t)-1; /* prefixes may stand before each other */
        }
    return name;
}

bool name_is_useless(const char *name) {
    static const char *const ends[] = {"position_ids", "attn_mask", "input_resolution", "context_length", "vocab_size"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (length >= strlen(ends[i]) && strcmp(name + length - strlen(ends[i]), ends[i]) == 0) return true;
    return false;
}
