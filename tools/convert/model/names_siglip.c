/* SPDX-License-Identifier: Apache-2.0
 * SigLIP of transformers, and of open_clip with an image tower of timm. Four rows of each are no tensors of the blob:
 * model.c folds the patches' bias into the positions and the product of the query into it. */
#include "blob/tensor_names.h"
#include "convert/model/names.h"

#include <stddef.h>

#define HEAD(part) TENSOR_HEAD "." part
#define BOTH(blob, source)                                                                                             \
    {blob TENSOR_WEIGHT, source ".weight", 0, false}, {                                                                \
        blob TENSOR_BIAS, source ".bias", 0, false                                                                     \
    }
#define PART(blob, weight, bias, part)                                                                                 \
    {blob TENSOR_WEIGHT, weight, part, false}, {                                                                       \
        blob TENSOR_BIAS, bias, part, false                                                                            \
    }

const struct names_row names_siglip_transformers[] = {
    {TENSOR_PATCHES TENSOR_WEIGHT, "vision_model.embeddings.patch_embedding.weight", 0, false},
    {NAMES_PATCH_BIAS, "vision_model.embeddings.patch_embedding.bias", 0, false},
    {TENSOR_IMAGE_POSITIONS, "vision_model.embeddings.position_embedding.weight", 0, false},
    BOTH(TENSOR_IMAGE "." TENSOR_POST_NORM, "vision_model.post_layernorm"),
    {TENSOR_HEAD_QUERY, "vision_model.head.probe", 0, false},
    PART(HEAD(TENSOR_QUERY), "vision_model.head.attention.in_proj_weight", "vision_model.head.attention.in_proj_bias",
         1),
    PART(HEAD(TENSOR_KEY), "vision_model.head.attention.in_proj_weight", "vision_model.head.attention.in_proj_bias", 2),
    PART(HEAD(TENSOR_VALUE), "vision_model.head.attention.in_proj_weight", "vision_model.head.attention.in_proj_bias",
         3),
    BOTH(HEAD(TENSOR_ATTENTION_OUT), "vision_model.head.attention.out_proj"),
    BOTH(HEAD(TENSOR_NORM_2), "vision_model.head.layernorm"),
    BOTH(HEAD(TENSOR_UP), "vision_model.head.mlp.fc1"),
    BOTH(HEAD(TENSOR_DOWN), "vision_model.head.mlp.fc2"),
    {TENSOR_TOKENS, "text_model.embeddings.token_embedding.weight", 0, false},
    {TENSOR_TEXT_POSITIONS, "text_model.embeddings.position_embedding.weight", 0, false},
    BOTH(TENSOR_TEXT "." TENSOR_POST_NORM, "text_model.final_layer_norm"),
    BOTH(TENSOR_TEXT_PROJECTION, "text_model.head"),
    {NULL, NULL, 0, false},
};

const struct names_row names_timm_block[] = {
    BOTH(TENSOR_NORM_1, "norm1"),
    PART(TENSOR_QUERY, "attn.qkv.weight", "attn.qkv.bias", 1),
    PART(TENSOR_KEY, "attn.qkv.weight", "attn.qkv.bias", 2),
    PART(TENSOR_VALUE, "attn.qkv.weight", "attn.qkv.bias", 3),
    BOTH(TENSOR_ATTENTION_OUT, "attn.proj"),
    BOTH(TENSOR_NORM_2, "norm2"),
    BOTH(TENSOR_UP, "mlp.fc1"),
    BOTH(TENSOR_DOWN, "mlp.fc2"),
    {NULL, NULL, 0, false},
};

const struct names_row names_siglip_timm[] = {
    {TENSOR_PATCHES TENSOR_WEIGHT, "visual.trunk.patch_embed.proj.weight", 0, false},
    {NAMES_PATCH_BIAS, "visual.trunk.patch_embed.proj.bias", 0, false},
    {TENSOR_IMAGE_POSITIONS, "visual.trunk.pos_embed", 0, false},
    BOTH(TENSOR_IMAGE "." TENSOR_POST_NORM, "visual.trunk.norm"),
    {TENSOR_HEAD_QUERY, "visual.trunk.attn_pool.latent", 0, false},
    BOTH(HEAD(TENSOR_QUERY), "visual.trunk.attn_pool.q"),
    PART(HEAD(TENSOR_KEY), "visual.trunk.attn_pool.kv.weight", "visual.trunk.attn_pool.kv.bias", 4),
    PART(HEAD(TENSOR_VALUE), "visual.trunk.attn_pool.kv.weight", "visual.trunk.attn_pool.kv.bias", 5),
    BOTH(HEAD(TENSOR_ATTENTION_OUT), "visual.trunk.attn_pool.proj"),
    BOTH(HEAD(TENSOR_NORM_2), "visual.trunk.attn_pool.norm"),
    BOTH(HEAD(TENSOR_UP), "visual.trunk.attn_pool.mlp.fc1"),
    BOTH(HEAD(TENSOR_DOWN), "visual.trunk.attn_pool.mlp.fc2"),
    {TENSOR_TOKENS, "token_embedding.weight", 0, false},
    {TENSOR_TEXT_POSITIONS, "positional_embedding", 0, false},
    BOTH(TENSOR_TEXT "." TENSOR_POST_NORM, "ln_final"),
    BOTH(TENSOR_TEXT_PROJECTION, "text_projection"),
    {NULL, NULL, 0, false},
};
