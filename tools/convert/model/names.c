/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/model/names.h"
#include "blob/tensor_names.h"

#include <string.h>

/* transformers: CLIPModel. */
static const struct names_row transformers_block[] = {
    {TENSOR_NORM_1 TENSOR_WEIGHT, "layer_norm1.weight", 0, false},
    {TENSOR_NORM_1 TENSOR_BIAS, "layer_norm1.bias", 0, false},
    {TENSOR_QUERY TENSOR_WEIGHT, "self_attn.q_proj.weight", 0, false},
    {TENSOR_QUERY TENSOR_BIAS, "self_attn.q_proj.bias", 0, false},
    {TENSOR_KEY TENSOR_WEIGHT, "self_attn.k_proj.weight", 0, false},
    {TENSOR_KEY TENSOR_BIAS, "self_attn.k_proj.bias", 0, false},
    {TENSOR_VALUE TENSOR_WEIGHT, "self_attn.v_proj.weight", 0, false},
    {TENSOR_VALUE TENSOR_BIAS, "self_attn.v_proj.bias", 0, false},
    {TENSOR_ATTENTION_OUT TENSOR_WEIGHT, "self_attn.out_proj.weight", 0, false},
    {TENSOR_ATTENTION_OUT TENSOR_BIAS, "self_attn.out_proj.bias", 0, false},
    {TENSOR_NORM_2 TENSOR_WEIGHT, "layer_norm2.weight", 0, false},
    {TENSOR_NORM_2 TENSOR_BIAS, "layer_norm2.bias", 0, false},
    {TENSOR_UP TENSOR_WEIGHT, "mlp.fc1.weight", 0, false},
    {TENSOR_UP TENSOR_BIAS, "mlp.fc1.bias", 0, false},
    {TENSOR_DOWN TENSOR_WEIGHT, "mlp.fc2.weight", 0, false},
    {TENSOR_DOWN TENSOR_BIAS, "mlp.fc2.bias", 0, false},
    {NULL, NULL, 0, false},
};

static const struct names_row transformers_outside[] = {
    {TENSOR_PATCHES TENSOR_WEIGHT, "vision_model.embeddings.patch_embedding.weight", 0, false},
    {TENSOR_CLASS, "vision_model.embeddings.class_embedding", 0, false},
    {TENSOR_IMAGE_POSITIONS, "vision_model.embeddings.position_embedding.weight", 0, false},
    {TENSOR_PRE_NORM TENSOR_WEIGHT, "vision_model.pre_layrnorm.weight", 0, false}, /* spelt so */
    {TENSOR_PRE_NORM TENSOR_BIAS, "vision_model.pre_layrnorm.bias", 0, false},
    {TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_WEIGHT, "vision_model.post_layernorm.weight", 0, false},
    {TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_BIAS, "vision_model.post_layernorm.bias", 0, false},
    {TENSOR_IMAGE_PROJECTION TENSOR_WEIGHT, "visual_projection.weight", 0, false},
    {TENSOR_TOKENS, "text_model.embeddings.token_embedding.weight", 0, false},
    {TENSOR_TEXT_POSITIONS, "text_model.embeddings.position_embedding.weight", 0, false},
    {TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_WEIGHT, "text_model.final_layer_norm.weight", 0, false},
    {TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_BIAS, "text_model.final_layer_norm.bias", 0, false},
    {TENSOR_TEXT_PROJECTION TENSOR_WEIGHT, "text_projection.weight", 0, false},
    {"logit_scale", "logit_scale", 0, false},
    {NULL, NULL, 0, false},
};

static const char *const transformers_ignored[] = {"vision_model.embeddings.position_ids",
                                                   "text_model.embeddings.position_ids", NULL};

/* Flat: OpenAI's own and open_clip. Projections are used as x @ proj there, hence (in, out). */
static const struct names_row flat_block[] = {
    {TENSOR_NORM_1 TENSOR_WEIGHT, "ln_1.weight", 0, false},
    {TENSOR_NORM_1 TENSOR_BIAS, "ln_1.bias", 0, false},
    {TENSOR_QUERY TENSOR_WEIGHT, "attn.in_proj_weight", 1, false},
    {TENSOR_QUERY TENSOR_BIAS, "attn.in_proj_bias", 1, false},
    {TENSOR_KEY TENSOR_WEIGHT, "attn.in_proj_weight", 2, false},
    {TENSOR_KEY TENSOR_BIAS, "attn.in_proj_bias", 2, false},
    {TENSOR_VALUE TENSOR_WEIGHT, "attn.in_proj_weight", 3, false},
    {TENSOR_VALUE TENSOR_BIAS, "attn.in_proj_bias", 3, false},
    {TENSOR_ATTENTION_OUT TENSOR_WEIGHT, "attn.out_proj.weight", 0, false},
    {TENSOR_ATTENTION_OUT TENSOR_BIAS, "attn.out_proj.bias", 0, false},
    {TENSOR_NORM_2 TENSOR_WEIGHT, "ln_2.weight", 0, false},
    {TENSOR_NORM_2 TENSOR_BIAS, "ln_2.bias", 0, false},
    {TENSOR_UP TENSOR_WEIGHT, "mlp.c_fc.weight", 0, false},
    {TENSOR_UP TENSOR_BIAS, "mlp.c_fc.bias", 0, false},
    {TENSOR_DOWN TENSOR_WEIGHT, "mlp.c_proj.weight", 0, false},
    {TENSOR_DOWN TENSOR_BIAS, "mlp.c_proj.bias", 0, false},
    {NULL, NULL, 0, false},
};

static const struct names_row flat_outside[] = {
    {TENSOR_PATCHES TENSOR_WEIGHT, "visual.conv1.weight", 0, false},
    {TENSOR_CLASS, "visual.class_embedding", 0, false},
    {TENSOR_IMAGE_POSITIONS, "visual.positional_embedding", 0, false},
    {TENSOR_PRE_NORM TENSOR_WEIGHT, "visual.ln_pre.weight", 0, false},
    {TENSOR_PRE_NORM TENSOR_BIAS, "visual.ln_pre.bias", 0, false},
    {TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_WEIGHT, "visual.ln_post.weight", 0, false},
    {TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_BIAS, "visual.ln_post.bias", 0, false},
    {TENSOR_IMAGE_PROJECTION TENSOR_WEIGHT, "visual.proj", 0, true},
    {TENSOR_TOKENS, "token_embedding.weight", 0, false},
    {TENSOR_TEXT_POSITIONS, "positional_embedding", 0, false},
    {TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_WEIGHT, "ln_final.weight", 0, false},
    {TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_BIAS, "ln_final.bias", 0, false},
    {TENSOR_TEXT_PROJECTION TENSOR_WEIGHT, "text_projection", 0, true},
    {"logit_scale", "logit_scale", 0, false},
    {NULL, NULL, 0, false},
};

/* The last three are numbers that OpenAI's archive carries among the weights. */
static const char *const flat_ignored[] = {"attn_mask", "input_resolution", "context_length", "vocab_size", NULL};

/* open_clip's custom models: timm's image tower, the flat text tower. The convolutions are stem.c's. */
static const struct names_row timm_outside[] = {
    {TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_WEIGHT, "visual.trunk.norm.weight", 0, false},
    {TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_BIAS, "visual.trunk.norm.bias", 0, false},
    {TENSOR_IMAGE_PROJECTION TENSOR_WEIGHT, "visual.trunk.head.weight", 0, false},
    {TENSOR_TOKENS, "token_embedding.weight", 0, false},
    {TENSOR_TEXT_POSITIONS, "positional_embedding", 0, false},
    {TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_WEIGHT, "ln_final.weight", 0, false},
    {TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_BIAS, "ln_final.bias", 0, false},
    {TENSOR_TEXT_PROJECTION TENSOR_WEIGHT, "text_projection", 0, true},
    {"logit_scale", "logit_scale", 0, false},
    {NULL, NULL, 0, false},
};

/* GGUF: clip.cpp's names, which ours are. */
#define OWN(name)                                                                                                      \
    { name, name, 0, false }
static const struct names_row gguf_block[] = {
    OWN(TENSOR_NORM_1 TENSOR_WEIGHT),      OWN(TENSOR_NORM_1 TENSOR_BIAS),   OWN(TENSOR_QUERY TENSOR_WEIGHT),
    OWN(TENSOR_QUERY TENSOR_BIAS),         OWN(TENSOR_KEY TENSOR_WEIGHT),    OWN(TENSOR_KEY TENSOR_BIAS),
    OWN(TENSOR_VALUE TENSOR_WEIGHT),       OWN(TENSOR_VALUE TENSOR_BIAS),    OWN(TENSOR_ATTENTION_OUT TENSOR_WEIGHT),
    OWN(TENSOR_ATTENTION_OUT TENSOR_BIAS), OWN(TENSOR_NORM_2 TENSOR_WEIGHT), OWN(TENSOR_NORM_2 TENSOR_BIAS),
    OWN(TENSOR_UP TENSOR_WEIGHT),          OWN(TENSOR_UP TENSOR_BIAS),       OWN(TENSOR_DOWN TENSOR_WEIGHT),
    OWN(TENSOR_DOWN TENSOR_BIAS),          {NULL, NULL, 0, false},
};

static const struct names_row gguf_outside[] = {
    OWN(TENSOR_PATCHES TENSOR_WEIGHT),
    OWN(TENSOR_CLASS),
    OWN(TENSOR_IMAGE_POSITIONS),
    OWN(TENSOR_PRE_NORM TENSOR_WEIGHT),
    OWN(TENSOR_PRE_NORM TENSOR_BIAS),
    OWN(TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_WEIGHT),
    OWN(TENSOR_IMAGE "." TENSOR_POST_NORM TENSOR_BIAS),
    OWN(TENSOR_IMAGE_PROJECTION TENSOR_WEIGHT),
    OWN(TENSOR_TOKENS),
    OWN(TENSOR_TEXT_POSITIONS),
    OWN(TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_WEIGHT),
    OWN(TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_BIAS),
    OWN(TENSOR_TEXT_PROJECTION TENSOR_WEIGHT),
    OWN("logit_scale"),
    {NULL, NULL, 0, false},
};

static const char *const gguf_ignored[] = {NULL};

/* timm before flat, whose marker it has too. */
const struct names_layout names_layouts[] = {
    {"transformers", "vision_model.", "vision_model.encoder.layers.%u.", "text_model.encoder.layers.%u.",
     transformers_block, transformers_block, transformers_outside, transformers_ignored, false},
    {"timm", "visual.trunk.", "visual.trunk.blocks.%u.", "transformer.resblocks.%u.", names_timm_block, flat_block,
     timm_outside, flat_ignored, false},
    {"flat", "visual.", "visual.transformer.resblocks.%u.", "transformer.resblocks.%u.", flat_block, flat_block,
     flat_outside, flat_ignored, false},
    {"gguf", "v.blk.", "v.blk.%u.", "t.blk.%u.", gguf_block, gguf_block, gguf_outside, gguf_ignored, false},
    {"timm", "visual.trunk.", "visual.trunk.blocks.%u.", "transformer.resblocks.%u.", names_timm_block, flat_block,
     names_siglip_timm, flat_ignored, true},
    {"transformers' SigLIP", "vision_model.", "vision_model.encoder.layers.%u.", "text_model.encoder.layers.%u.",
     transformers_block, transformers_block, names_siglip_transformers, transformers_ignored, true},
};
const size_t names_layout_count = sizeof names_layouts / sizeof names_layouts[0];

const struct names_row *names_find(const struct names_row *rows, const char *blob) {
    for (; rows->blob; rows++)
        if (strcmp(rows->blob, blob) == 0) return rows;
    return NULL;
}

bool names_ignored(const struct names_layout *layout, const char *source) {
    for (const char *const *name = layout->ignored; *name; name++)
        if (strcmp(*name, source) == 0) return true;
    return false;
}

/* torch.compile puts it before what it compiled, which may be a part inside. */
static const char compiled[] = "._orig_mod.";

const char *names_inside(struct arena *arena, const char *source) {
    if (!strstr(source, compiled)) return source;
    char *copy = arena_copy(arena, source, strlen(source));
    if (!copy) return NULL;
    for (char *at; (at = strstr(copy, compiled));) {
        const char *rest = at + sizeof compiled - 2; /* from its last dot on */
        memmove(at, rest, strlen(rest) + 1);
    }
    return copy;
}

const char *names_strip(const char *source) {
    static const char *const wrappers[] = {"module.",
                                           "_orig_mod.",
                                           "text.",
                                           "_image_encoder.",
                                           "_text_encoder.",
                                           "_logit_scale.",
                                           "image_encoder_without_ddp.",
                                           "text_encoder_without_ddp."}; /* TinyCLIP's */
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
        if (strncmp(source, wrappers[i], strlen(wrappers[i])) == 0) {
            source += strlen(wrappers[i]);
            i = (size_t)-1; /* they nest in any order */
        }
    return source;
}
